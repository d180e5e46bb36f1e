// Owns: what the scenes of links do with links. They count messages; each is on the bus three times.
import type { Message } from '@ensemble/core'
import type { Database, Delivered, Link, Transaction } from '@ensemble/runtime'
import { expect } from 'vitest'
import { COPIES } from './copies.ts'
import { firsts, idsOf } from './delivered.ts'
import type { LinkWorld } from './link.ts'
import { operation } from './samples.ts'
import { until } from './world.ts'

export const NOTHING: readonly Message[] = []
const COUNT_MAX = 100

export interface Linked {
  readonly link: Link
  readonly database: Database
}

export async function linked({ bus, database, topics }: LinkWorld, service: string): Promise<Linked> {
  const own = await database(service)
  return { link: await bus.connect({ service, database: own, topics }), database: own }
}

export function send(link: Link, sent: readonly Message[]): Promise<void> {
  return link.transaction(async () => ({ value: undefined, messages: sent }))
}

/** One batch of messages, all their copies, as soon as there is one. */
export async function received(link: Link, countMax = COUNT_MAX): Promise<Delivered[]> {
  return firsts(await copiesReceived(link, countMax * COPIES))
}

async function copiesReceived(link: Link, copiesMax: number): Promise<Delivered[]> {
  const { count, batch } = await until('a batch', async () => {
    let batch: readonly Delivered[] = []
    const count = await link.receive(copiesMax, async (_, delivered) => {
      batch = delivered
      return NOTHING
    })
    return count === 0 ? null : { count, batch }
  })
  expect(count).toBe(batch.length)
  return [...batch]
}

/** These many messages are left, and no more. */
export async function drain(link: Link, count: number): Promise<Delivered[]> {
  const all: Delivered[] = []
  while (all.length < count * COPIES) all.push(...(await copiesReceived(link, COUNT_MAX)))
  expect(await link.receive(COUNT_MAX, async () => NOTHING)).toBe(0)
  return firsts(all)
}

/** The effect of each message, recorded once by its id, as verbs do; answers those that were new. */
export async function recorded(
  database: Database,
  tx: Transaction,
  batch: readonly Delivered[],
): Promise<string[]> {
  const ids = [...new Set(idsOf(batch))]
  const known = await database.stores.operations.load(tx, { ids, deferredOf: [] })
  const fresh = ids.filter((id) => !known.some((row) => row.id === id))
  await database.stores.operations.insert(
    tx,
    fresh.map((id) => operation(id)),
  )
  return fresh
}

/** The ids of these that have a record. */
export async function records(database: Database, ids: readonly string[]): Promise<string[]> {
  const rows = await database.transaction((tx) =>
    database.stores.operations.load(tx, { ids, deferredOf: [] }),
  )
  return rows.map(({ id }) => id)
}
