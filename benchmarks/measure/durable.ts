// Owns: the settings without which a figure counts for nothing, read from the servers themselves.
// I1: a server that may lose what it has acknowledged is refused, not reported.
import type { Queryable } from '@ensemble/postgres'
import kafkajs, { Kafka, logLevel } from 'kafkajs'
import {
  POSTGRES,
  problemsOfAcks,
  problemsOfKafka,
  problemsOfPostgres,
  type Settings,
} from './durable-problems.ts'

class NotDurable extends Error {
  override readonly name = 'NotDurable'
}

const KAFKA = ['min.insync.replicas', 'default.replication.factor', 'unclean.leader.election.enable'] as const

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

function refuse(problems: readonly string[]): void {
  if (problems.length > 0)
    throw new NotDurable(`what is acknowledged could be lost, so nothing is measured: ${problems.join('; ')}`)
}
