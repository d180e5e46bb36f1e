// Scenes: a saga that is carried on in one transaction reads each row of a service once, and writes it once, whatever
// it has been through.
import { expect, it, test } from 'vitest'
import { command, participant, saga, succeeded } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryEntries, memoryRows, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, implement, type OperationRow, type Rows } from '@ensemble/runtime'
import { z } from 'zod'
import type { AggregateGroup } from '../src/handlers.ts'
import { Held } from '../src/perform/held.ts'
import { Picture } from '../src/perform/picture.ts'
import { PATTERNS_BOTH, T0 } from './world.ts'

interface Thing {
  readonly key: string
  readonly steps: readonly string[]
}

const Step = z.object({ key: z.string(), step: z.string() })
const shop = participant('shop', { make: command({ input: Step, output: z.null() }) })

function counting(rows: Rows<Thing>, calls: string[]): Rows<Thing> {
  const told = (what: string, some: readonly { readonly state: Thing }[]): void =>
    void calls.push(...some.map(({ state: { key, steps } }) => `${what} ${key}: ${steps.join()}`))
  return {
    ...rows,
    load: async (tx, keys) => {
      calls.push(`load ${keys.join()}`)
      return await rows.load(tx, keys)
    },
    insert: async (tx, inserted) => {
      told('insert', inserted)
      await rows.insert(tx, inserted)
    },
    update: async (tx, updated) => {
      told('update', updated)
      await rows.update(tx, updated)
    },
  }
}

test.each(PATTERNS_BOTH)('given steps that change one row again and again (%s)', async (pattern) => {
  const clock = manualClock(T0)
  const calls: string[] = []
  const rows = memoryRows<Thing>({ name: 'thing', key: ({ key }) => key })
  const entries = memoryEntries<string>({ name: 'made' })
  const things = aggregate<Thing, Record<never, never>, string>({ rows: counting(rows, calls), entries })
  const database = memoryDatabase({ name: 'shop', clock })
  const plan = saga('again', { version: 1, input: z.object({ key: z.string() }) })
    .retriable('s1', { run: shop.make(({ input }) => ({ key: input.key, step: 's1' })) })
    .retriable('s2', { run: shop.make(({ input }) => ({ key: input.key, step: 's2' })) })
    .retriable('s3', { run: shop.make(({ input }) => ({ key: input.key, step: 's3' })) })
    .end()
  const host = await createHost({
    service: 'shop',
    database,
    bus: sharedMemoryBus({ partitions: 1 }),
    clock,
    plans: [plan],
    implementation: implement(shop, {
      make: things.on(shop.make, {
        key: ({ key }) => key,
        decide: (state, { key, step }) => ({
          outcome: succeeded(null),
          state: { key, steps: [...(state?.steps ?? []), step] },
          entries: [step],
        }),
      }),
    }),
    starts: true,
    orchestrates: true,
  })
  // The first batch after a start is handled alone.
  const warm = host.start(plan, { id: 'warm', input: { key: 'warm' }, pattern })
  await clock.advance(70_000)
  await warm
  calls.length = 0
  for (const id of ['x', 'y']) await host.start(plan, { id, input: { key: 'k' }, pattern })
  expect(calls).toEqual(['load k', 'insert k: s1,s2,s3', 'load k', 'update k: s1,s2,s3,s1,s2,s3'])
  expect((await entries.all(database)).slice(-6)).toEqual(['s1', 's2', 's3', 's1', 's2', 's3'])
  const stopped = host.stop()
  await clock.advance(5_000)
  await stopped
})

test('given two hosts of one service, when one follows what the other says of a row', async () => {
  const clock = manualClock(T0)
  const calls: string[] = []
  const rows = counting(memoryRows<Thing>({ name: 'thing', key: ({ key }) => key }), calls)
  const things = aggregate<Thing>({ rows })
  const implementation = implement(
    shop,
    {
      make: things.on(shop.make, {
        key: ({ key }) => key,
        decide: (state, { key, step }) => ({
          outcome: succeeded(null),
          state: { key, steps: [...(state?.steps ?? []), step] },
          events: [{ name: 'shop.told', data: { key, step: 'told' } }],
        }),
      }),
    },
    {
      follows: [
        things.follow('shop.told', Step, {
          key: ({ key }) => key,
          decide: (state, { key, step }) => ({
            outcome: succeeded(),
            state: { key, steps: [...(state?.steps ?? []), step] },
          }),
        }),
      ],
    },
  )
  const at = { database: memoryDatabase({ name: 'shop', clock }), bus: sharedMemoryBus(), clock }
  const hosts = [
    await createHost({ ...at, service: 'shop', implementation }),
    await createHost({ ...at, service: 'shop', implementation }),
  ]
  const made = async (key: string): Promise<void> => {
    for (const host of hosts.toReversed()) await host.execute(shop.make, { key, step: 'made' })
  }
  // The first call of each is done by itself, and who joins another one is careful for a while.
  await made('warm')
  await clock.advance(700_000)
  calls.length = 0
  await made('k')
  expect(calls).toEqual(['load k', 'insert k: made,told', 'load k', 'update k: made,told,made,told'])
  const stopped = Promise.all(hosts.map((host) => host.stop()))
  await clock.advance(5_000)
  await stopped
})

it('knows only what was decided once handlers have used SQL of their own', () => {
  const held = new Held()
  held.rows.set(
    table,
    new Map<string, unknown>([
      ['read', 0],
      ['changed', 0],
    ]),
  )
  held.claims.set('read', 'thing/k')
  held.operations.set('read', operationOf('read', 'deferred', 1))
  held.owners.add('thing/k')
  rounds(held, (picture) => {
    picture.putRow(table, 'changed', 1)
    picture.putOperation(operationOf('changed', 'succeeded'))
    picture.claim('changed', 'thing/k')
  })
  held.forgetRead()
  expect({
    rows: [...(held.rows.get(table) ?? [])],
    operations: [...held.operations.keys()],
    claims: [...held.claims.keys()],
    owners: [...held.owners],
  }).toEqual({ rows: [['changed', 1]], operations: ['changed'], claims: ['changed'], owners: [] })
})

const table = memoryRows<Thing>({ name: 'thing', key: ({ key }) => key }) as Rows<unknown>
const operationOf = (id: string, status: OperationRow['status'], version = 0): OperationRow =>
  ({ id, status, version, owner: 'thing', key: 'k' }) as OperationRow

/** What each round decides, seeing what the rounds before have left. */
function rounds(held: Held, ...decisions: readonly ((picture: Picture) => void)[]): void {
  for (const decide of decisions) {
    const { operations, rows, claims } = held
    const picture = new Picture({ now: T0, horizon: 0, operations, rows, claims })
    decide(picture)
    held.take(picture)
  }
}

it('holds a row as it was left, new as long as it is not written', () => {
  const held = new Held()
  held.rows.set(
    table,
    new Map<string, unknown>([
      ['new', undefined],
      ['old', 0],
    ]),
  )
  rounds(
    held,
    (picture) => {
      picture.putRow(table, 'new', 1)
      picture.putRow(table, 'old', 1)
    },
    (picture) => {
      expect([picture.row(table, 'new'), picture.row(table, 'old')]).toEqual([1, 1])
      picture.putRow(table, 'new', 2)
    },
  )
  expect(held.rowChanges()).toEqual([
    {
      table,
      changes: new Map([
        ['new', { state: 2, isNew: true }],
        ['old', { state: 1, isNew: false }],
      ]),
    },
  ])
})

it('holds operations as they were left, those that wait among them', () => {
  const held = new Held()
  rounds(
    held,
    (picture) => picture.putOperation(operationOf('o', 'deferred')),
    (picture) => {
      expect(picture.deferredOf('thing', 'k')).toEqual([operationOf('o', 'deferred')])
      picture.putOperation(operationOf('o', 'succeeded'))
    },
    (picture) => expect(picture.deferredOf('thing', 'k')).toEqual([]),
  )
  expect(held.operationChanges()).toEqual([operationOf('o', 'succeeded')])
})

it('knows who had a claim before, whoever had it meanwhile', () => {
  const held = new Held()
  for (const [value, owner] of [
    ['a', null],
    ['b', 'thing/b'],
    ['c', 'thing/c'],
  ] as const)
    held.claims.set(value, owner)
  rounds(
    held,
    (picture) => {
      picture.claim('a', 'thing/1')
      picture.release('b')
      picture.release('c')
    },
    (picture) => {
      expect(['a', 'b', 'c'].map((value) => picture.holder(value))).toEqual(['thing/1', null, null])
      picture.release('a')
      picture.claim('b', 'thing/2')
      picture.claim('c', 'thing/c')
    },
  )
  expect(held.claimChanges()).toEqual([
    { value: 'a', before: null, now: null },
    { value: 'b', before: 'thing/b', now: 'thing/2' },
    { value: 'c', before: 'thing/c', now: 'thing/c' },
  ])
})

it('keeps entries of all rounds in their order', () => {
  const held = new Held()
  const entries = memoryEntries<string>({ name: 'made' })
  const group = { name: 'thing', entries } as unknown as AggregateGroup
  rounds(
    held,
    (picture) => picture.append(group, ['one']),
    () => undefined,
    (picture) => picture.append(group, ['two', 'three']),
  )
  expect([...held.entries]).toEqual([[entries, ['one', 'two', 'three']]])
})
