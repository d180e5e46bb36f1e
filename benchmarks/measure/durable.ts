// Owns: the settings without which a figure counts for nothing, read from the servers themselves.
// I1: a server that may lose what it has acknowledged is refused, not reported.
import type { Queryable } from '@ensemble/postgres'
import kafkajs, { Kafka, logLevel } from 'kafkajs'

export type Settings = Readonly<Record<string, string>>

class NotDurable extends Error {
  override readonly name = 'NotDurable'
}

const POSTGRES = ['fsync', 'synchronous_commit', 'full_page_writes'] as const
const KAFKA = ['min.insync.replicas', 'default.replication.factor', 'unclean.leader.election.enable'] as const
/** In the protocol's numbers. */
export const ACKS_ALL = -1

export async function settingsOfPostgres(admin: Queryable): Promise<Settings> {
  const found: Record<string, string> = {}
  for (const name of POSTGRES) {
    const { rows } = await admin.query('SELECT current_setting($1::text) AS value', [name])
    found[name] = String(rows[0]?.['value'])
  }
  refuse(problemsOfPostgres(found))
  return found
}

export async function settingsOfKafka(brokers: string): Promise<Settings> {
  const kafka = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  try {
    const { brokers: nodes } = await admin.describeCluster()
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: nodes.map(({ nodeId }) => ({
        type: kafkajs.ConfigResourceTypes.BROKER,
        name: String(nodeId),
        configNames: [...KAFKA],
      })),
    })
    const entries = resources.flatMap(({ configEntries }) => configEntries)
    const found = Object.fromEntries(
      entries.map(({ configName, configValue }) => [configName, configValue] as const),
    )
    refuse(problemsOfKafka(found))
    return found
  } finally {
    await admin.disconnect()
  }
}

/** What producers said themselves; none have written yet is no problem. */
export function refuseAcks(acks: readonly number[]): void {
  refuse(problemsOfAcks(acks))
}

/** Pure, as the next two. */
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

function refuse(problems: readonly string[]): void {
  if (problems.length > 0)
    throw new NotDurable(`what is acknowledged could be lost, so nothing is measured: ${problems.join('; ')}`)
}
