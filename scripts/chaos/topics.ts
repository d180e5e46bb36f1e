// Owns: reading every topic of a run as an independent client does, and how far groups are behind.
// I1: it knows Kafka and nothing of ours; what must be true of the records is for topics-verdict.ts.
import { Kafka, logLevel, type Admin } from 'kafkajs'
import { now, poll, type Row } from '@ensemble/all-in-one/audit'
import type { Sent } from './topics-verdict.ts'

export interface Topics {
  /** Groups that have not read everything. */
  readonly behind: () => Promise<readonly Row[]>
  /** Everything that is on the topics. */
  read(): Promise<readonly Sent[]>
  close(): Promise<void>
}

const READ_MS_MAX = 120_000
const POLL_MS = 100

export async function openTopics(brokers: string): Promise<Topics> {
  const kafka = new Kafka({ clientId: 'audit', brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  return {
    behind: () => behind(admin),
    read: () => readAll(kafka, admin),
    close: () => admin.disconnect(),
  }
}

/** Internal topics have two underscores in front. */
async function namesOf(admin: Admin): Promise<readonly string[]> {
  return (await admin.listTopics()).filter((name) => !name.startsWith('__'))
}

async function behind(admin: Admin): Promise<readonly Row[]> {
  const [{ groups }, names] = await Promise.all([admin.listGroups(), namesOf(admin)])
  const ends = new Map<string, string>()
  for (const topic of names) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      ends.set(`${topic}/${partition}`, high)
  }
  const rows: Row[] = []
  for (const { groupId } of groups) {
    for (const { topic, partitions } of await admin.fetchOffsets({ groupId })) {
      for (const { partition, offset } of partitions) {
        const end = ends.get(`${topic}/${partition}`)
        // -1: nothing is committed, where there was nothing to read yet.
        if (end !== undefined && Math.max(0, Number(offset)) < Number(end))
          rows.push({ who: `${groupId} on ${topic} ${partition}` })
      }
    }
  }
  return rows
}

async function readAll(kafka: Kafka, admin: Admin): Promise<readonly Sent[]> {
  const names = await namesOf(admin)
  let left = 0
  for (const topic of names) {
    for (const { high, low } of await admin.fetchTopicOffsets(topic)) left += Number(high) - Number(low)
  }
  const consumer = kafka.consumer({ groupId: `audit-${now()}` })
  const sent: Sent[] = []
  await consumer.connect()
  try {
    await consumer.subscribe({ topics: [...names], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, message }) => {
        left -= 1
        sent.push({ topic, id: String(message.headers?.['ce_id']), text: String(message.value) })
      },
    })
    const isOver = async (): Promise<true | undefined> => (left <= 0 ? true : undefined)
    if ((await poll(isOver, { withinMs: READ_MS_MAX, everyMs: POLL_MS })) === undefined)
      throw new Error(`${left} records of the topics were not read within ${READ_MS_MAX} ms`)
  } finally {
    await consumer.disconnect()
  }
  return sent
}
