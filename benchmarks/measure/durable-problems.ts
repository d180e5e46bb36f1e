// Owns: which settings of servers and producers may lose what was acknowledged. Pure.

export type Settings = Readonly<Record<string, string>>

/** All three must be on. */
export const POSTGRES = ['fsync', 'synchronous_commit', 'full_page_writes'] as const
/** In Kafka's protocol. */
export const ACKS_ALL = -1

export function problemsOfPostgres(found: Settings): readonly string[] {
  return POSTGRES.filter((name) => found[name] !== 'on').map(
    (name) => `PostgreSQL: ${name} is ${String(found[name])}, not on`,
  )
}

export function problemsOfKafka(found: Settings): readonly string[] {
  const replicas = Number(found['default.replication.factor'])
  const inSync = Number(found['min.insync.replicas'])
  const isUnclean = found['unclean.leader.election.enable'] !== 'false'
  return [
    ...(inSync >= 1 && inSync >= replicas - 1
      ? []
      : [`Kafka: min.insync.replicas is ${inSync} of ${replicas} replicas`]),
    ...(isUnclean ? ['Kafka: unclean.leader.election.enable is not false'] : []),
  ]
}

export function problemsOfAcks(acks: readonly number[]): readonly string[] {
  return acks
    .filter((one) => one !== ACKS_ALL)
    .map((one) => `Kafka: a producer wrote with acks ${one}, not all`)
}
