// Scenes: what an orchestrator remembers of the rows it has stored, and when it asks the database after all.
import { begin } from '@ensemble/core'
import { manualClock, memoryDatabase } from '@ensemble/memory'
import type { SagaRow, Transaction } from '@ensemble/runtime'
import { describe, expect, it } from 'vitest'
import { Recollection, SagaMemory } from '../src/advance/recollection.ts'
import { planOf } from './services.ts'
import { T0, wrapped } from './world.ts'

const plan = planOf('sale', [{ kind: 'retriable' }])

function rowOf(id: string): SagaRow {
  const saga = { plan: 'sale', id, pattern: 'orchestration' } as const
  const decision = begin(plan, { saga, input: { key: id }, now: T0, wish: null })
  if (decision.type !== 'decided') throw new Error('it does not begin')
  return { plan: 'sale', id, state: decision.state, wish: null, parked: null, version: 0 }
}

function scene() {
  const loads: number[] = []
  const database = wrapped(memoryDatabase({ name: 'orchestrator', clock: manualClock(T0) }), {
    onCall: (call) => {
      if (call === 'sagas.load') loads.push(1)
    },
  })
  const { sagas } = database.stores
  let now = T0
  const memory = new SagaMemory({ now: () => now })
  const recollection = new Recollection(sagas, memory)
  const other = new Recollection(sagas, memory)
  const inTransaction = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => database.transaction(work)
  const load = (...ids: readonly string[]) =>
    inTransaction((tx) =>
      recollection.load(
        tx,
        ids.map((id) => ({ plan: 'sale', id })),
      ),
    )
  const passes = (ms: number): void => {
    now += ms
  }
  return { loads, sagas, recollection, other, inTransaction, load, passes }
}

describe('a row that was stored', () => {
  it('is handed out once without a look into the database, at the version that it has there', async () => {
    const { loads, recollection, inTransaction, load } = scene()
    await inTransaction((tx) => recollection.insert(tx, [rowOf('x')]))
    const remembered = await load('x')
    expect([remembered.length, loads.length]).toEqual([1, 0])
    expect(await load('x')).toEqual(remembered)
    expect(loads).toHaveLength(1)
  })

  it('is not remembered when its transaction fails', async () => {
    const { loads, recollection, inTransaction, load } = scene()
    const failing = inTransaction(async (tx) => {
      await recollection.insert(tx, [rowOf('x')])
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect([await load('x'), loads.length]).toEqual([[], 1])
  })

  it('is not remembered when its saga has ended', async () => {
    const { loads, recollection, inTransaction, load } = scene()
    const row = rowOf('x')
    if (row.state === null) throw new Error('no state')
    const ended = { ...row, state: { ...row.state, phase: { at: 'completed' as const } } }
    await inTransaction((tx) => recollection.insert(tx, [ended as SagaRow]))
    await load('x')
    expect(loads).toHaveLength(1)
  })

  it('is remembered as the database has it, whatever becomes of what was stored', async () => {
    const { loads, sagas, recollection, inTransaction, load } = scene()
    const input = { key: 'x', at: new Date(T0), unsaid: undefined, list: [1] }
    const row = rowOf('x')
    if (row.state === null) throw new Error('no state')
    await inTransaction((tx) =>
      recollection.insert(tx, [{ ...row, state: { ...row.state, input } } as SagaRow]),
    )
    input.list.push(2)
    const remembered = await load('x')
    expect(remembered.map(({ state }) => state?.input)).toStrictEqual([
      { key: 'x', at: new Date(T0).toISOString(), list: [1] },
    ])
    expect(loads).toHaveLength(0)
    expect(await inTransaction((tx) => sagas.load(tx, [{ plan: 'sale', id: 'x' }]))).toEqual(remembered)
  })

  it('is read with those that are not remembered', async () => {
    const { loads, sagas, recollection, inTransaction, load } = scene()
    await inTransaction((tx) => sagas.insert(tx, [rowOf('other')]))
    await inTransaction((tx) => recollection.insert(tx, [rowOf('x')]))
    const rows = await load('other', 'x')
    expect(rows.map(({ id, version }) => [id, version])).toEqual([
      ['x', 1],
      ['other', 1],
    ])
    expect(loads).toHaveLength(1)
  })
})

describe('a row that was left unchanged', () => {
  it('is confirmed when it is in the database as it was', async () => {
    const { recollection, inTransaction } = scene()
    await inTransaction((tx) => recollection.insert(tx, [rowOf('x')]))
    await inTransaction(async (tx) => {
      await recollection.confirm(tx, await recollection.load(tx, [{ plan: 'sale', id: 'x' }]))
    })
  })

  it('has moved when another instance has changed it', async () => {
    const { sagas, recollection, inTransaction } = scene()
    await inTransaction((tx) => recollection.insert(tx, [rowOf('x')]))
    await inTransaction(async (tx) => sagas.update(tx, await sagas.load(tx, [{ plan: 'sale', id: 'x' }])))
    const believing = inTransaction(async (tx) => {
      await recollection.confirm(tx, await recollection.load(tx, [{ plan: 'sale', id: 'x' }]))
    })
    await expect(believing).rejects.toMatchObject({ code: 'MOVED' })
  })

  it('has moved whatever another one that decides has read meanwhile', async () => {
    const { sagas, recollection, other, inTransaction } = scene()
    await inTransaction((tx) => recollection.insert(tx, [rowOf('x'), rowOf('y')]))
    await inTransaction(async (tx) => sagas.update(tx, await sagas.load(tx, [{ plan: 'sale', id: 'x' }])))
    const believing = inTransaction(async (tx) => {
      const rows = await recollection.load(tx, [{ plan: 'sale', id: 'x' }])
      const read = other.recall(tx, [{ plan: 'sale', id: 'y' }])
      expect(read).toHaveLength(1)
      await recollection.confirm(tx, rows)
    })
    await expect(believing).rejects.toMatchObject({ code: 'MOVED' })
  })

  it('is not asked for when it came from the database', async () => {
    const { loads, sagas, recollection, inTransaction } = scene()
    await inTransaction((tx) => sagas.insert(tx, [rowOf('x')]))
    await inTransaction(async (tx) => {
      await recollection.confirm(tx, await recollection.load(tx, [{ plan: 'sale', id: 'x' }]))
    })
    expect(loads).toHaveLength(1)
  })
})

it('forgets the oldest when all are too much to keep', async () => {
  const { loads, recollection, inTransaction, load } = scene()
  const large = 'x'.repeat(3_000_000)
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    const row = rowOf(id)
    if (row.state === null) throw new Error('no state')
    const heavy = { ...row, state: { ...row.state, input: large } }
    await inTransaction((tx) => recollection.insert(tx, [heavy]))
  }
  await load('h')
  expect(loads).toHaveLength(0)
  await load('a')
  expect(loads).toHaveLength(1)
})

it('forgets what is old', async () => {
  const { loads, recollection, inTransaction, load, passes } = scene()
  await inTransaction((tx) => recollection.insert(tx, [rowOf('x')]))
  passes(60_001)
  await load('x')
  expect(loads).toHaveLength(1)
})

it('gives a state as the database would', async () => {
  const { recollection, inTransaction, load } = scene()
  const row = rowOf('x')
  const { state } = row
  if (state === null) throw new Error('no state')
  const input = { at: new Date(T0), none: undefined }
  await inTransaction((tx) => recollection.insert(tx, [{ ...row, state: { ...state, input } }]))
  const [recalled] = await load('x')
  expect(recalled?.state?.input).toStrictEqual({ at: new Date(T0).toISOString() })
})

it('hands nothing out for a while when a batch that believed it has failed', async () => {
  const { loads, recollection, inTransaction, load } = scene()
  await inTransaction((tx) => recollection.insert(tx, [rowOf('x'), rowOf('y'), rowOf('z')]))
  const failing = inTransaction(async (tx) => {
    await recollection.load(tx, [{ plan: 'sale', id: 'x' }])
    throw new Error('moved')
  })
  await expect(failing).rejects.toThrow('moved')
  for (let count = 0; count < 50; count += 1) await load('y')
  expect(loads).toHaveLength(50)
  await inTransaction((tx) => recollection.insert(tx, [rowOf('later')]))
  await load('later')
  expect(loads).toHaveLength(50)
})
