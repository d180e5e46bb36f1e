// Scenes: a reader of the log that handles two batches at a time, and what it believes after it was not the first.
import type { Delivered, Link, Transaction } from '@ensemble/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sharedBus } from '../src/bus/shared.ts'
import type { BusOptions } from '../src/bus/shared.ts'
import { engineKit, timer, timers } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'
import { until } from './support.ts'

let kit: Kit
beforeEach(async () => {
  kit = await engineKit('bus-two')
})
afterEach(() => kit.end())

const connect = (service: string, topics: readonly string[], options: BusOptions = {}): Promise<Link> =>
  sharedBus(options).connect({ service, database: kit.database, topics })

const send = (link: Link, ...messages: readonly ReturnType<typeof timer>[]) =>
  link.transaction(async () => ({ value: undefined, messages }))

const idOf = (one: Delivered) => (one.ok ? one.message.id : one.reason)

/** All that is there. */
async function drained(link: Link): Promise<string[]> {
  const ids: string[] = []
  const keep = async (_tx: unknown, batch: readonly Delivered[]) => {
    ids.push(...batch.map(idOf))
    return []
  }
  while ((await link.receive(100, keep)) > 0);
  return ids
}

describe('a reader', () => {
  test('handles two large batches at a time, of other partitions, and all of what is left in time', async () => {
    const reader = await connect('reader', ['t'])
    const seen: Delivered[] = []
    const gates: (() => void)[] = []
    let isGated = true
    const handle = async (tx: Transaction, batch: readonly Delivered[]) => {
      if (isGated) await new Promise<void>((resolve) => gates.push(resolve))
      tx.onCommit(() => seen.push(...batch))
      return []
    }
    const mores: Promise<number>[] = []
    let rings = 0
    reader.onNews(
      () => {
        rings += 1
      },
      () => {
        if (mores.length === 0) mores.push(reader.receive(200, handle))
      },
    )
    expect(await drained(reader)).toEqual([])
    await send(reader, ...timers('t', 30, (index) => `k${index}`))
    expect(await drained(reader)).toHaveLength(30)
    for (let index = 0; index < 200; index += 1) await send(reader, timer('t', `k${index}`, `n${index}`))
    const first = reader.receive(200, handle)
    await until(async () => {
      await kit.database.query('select pg_sleep(0.005)')
      return gates.length === 2
    })
    rings = 0
    expect(await reader.receive(200, handle)).toBe(0)
    isGated = false
    for (const open of gates) open()
    const counts = [await first, (await mores[0]) ?? 0]
    expect(counts.every((count) => count >= 40)).toBe(true)
    expect(rings).toBeGreaterThan(0)
    while ((await reader.receive(200, handle)) > 0);
    expect([seen.length, new Set(seen.map(idOf)).size]).toEqual([200, 200])
    for (const own of Object.values(Object.groupBy(seen, ({ partition }) => partition))) {
      const positions = own?.map(({ position }) => Number(position)) ?? []
      expect(positions).toEqual(positions.toSorted((left, right) => left - right))
    }
  })

  test('locks cursors first after another instance was there, and not where a row of the batch has moved', async () => {
    const reader = await connect('reader', ['t'], { partitions: 1 })
    const claims = (): number =>
      Object.entries(kit.database.counted()).reduce(
        (sum, [name, count]) => (name.startsWith('log_claim') ? sum + count : sum),
        0,
      )
    const later = async (): Promise<unknown> => {
      await send(reader, timer('t', 'k', 'looked for'))
      expect(await drained(reader)).toEqual(['looked for'])
      await send(reader, timer('t', 'k', 'known'))
      const before = claims()
      return [await drained(reader), claims() - before]
    }
    await send(reader, timer('t', 'k', 'a'))
    expect(await drained(reader)).toEqual(['a'])
    await send(reader, timer('t', 'k', 'b'))
    const tries: string[][] = []
    await reader.receive(10, async (tx, batch) => {
      tries.push(batch.map(idOf))
      const gone = { plan: 'sale', id: 'x', state: null, wish: null, parked: null, version: 7 }
      if (tries.length === 1) tx.defer(kit.database.stores.sagas.update(tx, [gone]))
      return []
    })
    expect(tries).toEqual([['b'], ['b']])
    expect(await later()).toEqual([['known'], 0])
    await send(reader, timer('t', 'k', 'c'))
    const other = await connect('reader', ['t'])
    await reader.receive(10, async () => {
      expect(await drained(other)).toEqual(['c'])
      return []
    })
    expect(await later()).toEqual([['known'], 1])
  })
})
