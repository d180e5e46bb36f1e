// Scenes about waiting for a payment: it is there, it comes, it comes by another process, it does not come.
import type { Clock, Row, Rows, Transaction } from '@ensemble/runtime'
import { testClock } from '@ensemble/service/testing'
import { expect, test } from 'vitest'
import { arrivalsOf } from '../arrivals.ts'
import { ORDER_ID, USER_ID as FRESH } from './support.ts'

/** Time stands still: only who is told goes on. */
const still: Clock = {
  now: () => 0,
  sleep: (_ms, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
}

const rows: Rows<object> = {
  name: 'rows',
  load: async () => new Map(),
  insert: async () => undefined,
  update: async () => undefined,
}

function looking(found: (look: number) => readonly string[]) {
  const looks: (readonly string[])[] = []
  const look = async (orderIds: readonly string[]) => {
    looks.push(orderIds)
    return new Set(found(looks.length))
  }
  return { look, looks }
}

/** Resolves with what commits it. */
async function inserting(into: Rows<object>, key: string): Promise<() => void> {
  const commits: (() => void)[] = []
  const tx = { onCommit: (action: () => void) => void commits.push(action) }
  const added: Row<object>[] = [{ key, state: {} }]
  await into.insert(tx as unknown as Transaction, added)
  return () => {
    for (const commit of commits) commit()
  }
}

test('given a payment, when asked for, then one look', async () => {
  const { look, looks } = looking(() => [ORDER_ID])
  const arrivals = arrivalsOf({ look, clock: still })
  expect([await arrivals.within(ORDER_ID, 1_000), await arrivals.within(ORDER_ID, 0), looks.length]).toEqual([
    true,
    true,
    2,
  ])
})

test('given many wait, when they begin together, then they look together', async () => {
  const { look, looks } = looking(() => [ORDER_ID, FRESH])
  const arrivals = arrivalsOf({ look, clock: still })
  await Promise.all([arrivals.within(ORDER_ID, 0), arrivals.within(FRESH, 0), arrivals.within(ORDER_ID, 0)])
  expect(looks).toEqual([[ORDER_ID, FRESH, ORDER_ID]])
})

test('given who waits, when its payment is committed here, then it goes on without another look', async () => {
  const { look, looks } = looking(() => [])
  const arrivals = arrivalsOf({ look, clock: still })
  const told = arrivals.told(rows)
  const waiting = arrivals.within(ORDER_ID, 1_000)
  const another = await inserting(told, FRESH)
  const commit = await inserting(told, ORDER_ID)
  another()
  commit()
  expect([await waiting, looks.length]).toEqual([true, 1])
})

test('given another process stores it, when looked for again, then it is there', async () => {
  const { look, looks } = looking((count) => (count < 4 ? [] : [ORDER_ID]))
  const arrivals = arrivalsOf({ look, clock: testClock() })
  expect([await arrivals.within(ORDER_ID, 1_000), looks.length]).toEqual([true, 4])
})

test('given nobody stores it, when the time is over, then not', async () => {
  const { look, looks } = looking(() => [])
  const arrivals = arrivalsOf({ look, clock: testClock() })
  expect([await arrivals.within(ORDER_ID, 250), looks.length]).toEqual([false, 4])
  expect([await arrivals.within(ORDER_ID, 0), looks.length]).toEqual([false, 5])
})

test('given a payment that was committed here, when asked for, then no look', async () => {
  const { look, looks } = looking(() => [])
  const arrivals = arrivalsOf({ look, clock: still })
  const commit = await inserting(arrivals.told(rows), ORDER_ID)
  expect(await arrivals.within(ORDER_ID, 0)).toBe(false)
  commit()
  expect([await arrivals.within(ORDER_ID, 0), await arrivals.within(FRESH, 0)]).toEqual([true, false])
  expect(looks).toEqual([[ORDER_ID], [FRESH]])
})
