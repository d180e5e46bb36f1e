// Owns: the rules of a process's connection to the database's model: what a loss, a silence, a bound and a retry leave.
import { memoryRows } from '@ensemble/memory'
import { errorInfo, type Transaction } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { schemaOf, type DatabaseClient, type Schema } from '../src/database/client.ts'
import type { FaultWeights } from '../src/faults.ts'
import type { Process } from '../src/process.ts'
import { Virtual } from './virtual.ts'

const SECOND_MS = 1_000

interface Box {
  readonly key: string
  readonly value: number
}

const boxes = memoryRows<Box>({ name: 'boxes', key: ({ key }) => key })

const insert = (tx: Transaction, key: string): Promise<void> =>
  boxes.insert(tx, [{ key, state: { key, value: 1 } }])

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'committed',
    (error: unknown) => errorInfo(error).code,
  )

interface Scene {
  readonly virtual: Virtual
  readonly schema: Schema
  readonly process: Process
  readonly database: DatabaseClient
  /** Another process, which has no faults any more. */
  readonly keys: () => Promise<readonly string[]>
}

function scene({ weights = {}, seed = 1 }: { weights?: FaultWeights; seed?: number } = {}): Scene {
  const virtual = new Virtual({ weights, seed })
  const schema = schemaOf(virtual.server('read committed'), 'shop')
  const process = virtual.process('shop#1')
  return {
    virtual,
    schema,
    process,
    database: virtual.client(schema, process),
    keys: async () => {
      virtual.faults.heal()
      const other = virtual.client(schema, virtual.process('shop#2'))
      return [...(await virtual.finish(boxes.all(other))).keys()]
    },
  }
}

/** A transaction that has locked `key` and then thinks until it is woken. */
function thinking(database: DatabaseClient, key: string) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const ended = codeOf(
    database.transaction(async (tx) => {
      await boxes.load(tx, [key])
      await promise
      await insert(tx, 'woken')
    }),
  )
  return { ended, wake: () => resolve() }
}

describe('a connection that is lost', () => {
  test('before COMMIT: CONNECTION, and nothing stays', async () => {
    const { virtual, database, keys } = scene({ weights: { 'connection lost': 1 } })
    expect(await virtual.finish(codeOf(database.transaction((tx) => insert(tx, 'a'))))).toBe('CONNECTION')
    expect(await keys()).toEqual([])
  })

  test('at COMMIT: COMMIT_UNKNOWN, and it was done or it was not', async () => {
    const found = new Set<string>()
    for (let seed = 1; seed <= 16; seed += 1) {
      const { virtual, database, keys } = scene({ weights: { 'commit unknown': 1 }, seed })
      const code = await virtual.finish(codeOf(database.transaction((tx) => insert(tx, 'a'))))
      found.add(`${code}: ${(await keys()).join()}`)
    }
    expect([...found].toSorted()).toEqual(['COMMIT_UNKNOWN: ', 'COMMIT_UNKNOWN: a'])
  })

  test('frees its locks: whoever waited goes on', async () => {
    const { virtual, schema, process, database } = scene()
    await virtual.finish(database.transaction((tx) => insert(tx, 'a')))
    const first = thinking(database, 'a')
    await virtual.settle()
    const other = virtual.client(schema, virtual.process('shop#2'))
    const waiting = other.transaction((tx) => boxes.load(tx, ['a']))
    await virtual.settle()
    database.loseAll()
    expect((await virtual.finish(waiting)).size).toBe(1)
    first.wake()
    expect(await virtual.finish(first.ended)).toBe('CONNECTION')
    expect(process.isDead).toBe(false)
  })
})

describe('a process that is silent in a transaction', () => {
  async function withWaiter(silence: (process: Process) => void) {
    const { virtual, schema, process, database, keys } = scene()
    await virtual.finish(database.transaction((tx) => insert(tx, 'a')))
    const first = thinking(database, 'a')
    await virtual.settle()
    silence(process)
    const other = virtual.client(schema, virtual.process('shop#2'))
    let isThrough = false
    void codeOf(other.transaction((tx) => boxes.load(tx, ['a']))).then((code) => {
      isThrough = code === 'committed'
    })
    const throughAfter = async (ms: number): Promise<boolean> => {
      await virtual.settle(ms)
      return isThrough
    }
    return { virtual, first, keys, throughAfter }
  }

  test('killed: its machine says so, and its locks are free at once', async () => {
    const { throughAfter } = await withWaiter((process) => process.end('crash', 'here'))
    expect(await throughAfter(100)).toBe(true)
  })

  test('lost with its machine: its locks are free when the server gives it up, not before', async () => {
    const { throughAfter } = await withWaiter((process) => process.end('host lost', 'here'))
    expect(await throughAfter(4 * SECOND_MS)).toBe(false)
    expect(await throughAfter(2 * SECOND_MS)).toBe(true)
  })

  test('paused for longer than the bound on idle transactions: its session is gone when it goes on', async () => {
    const { virtual, first, keys, throughAfter } = await withWaiter((one) => one.pause(9 * SECOND_MS))
    expect(await throughAfter(6 * SECOND_MS)).toBe(true)
    await virtual.settle(4 * SECOND_MS)
    first.wake()
    expect(await virtual.finish(first.ended)).toBe('CONNECTION')
    expect(await keys()).toEqual(['a'])
  })

  test('paused for less: it goes on as if nothing had been', async () => {
    const { virtual, first, keys, throughAfter } = await withWaiter((one) => one.pause(4 * SECOND_MS))
    expect(await throughAfter(4 * SECOND_MS + 100)).toBe(false)
    first.wake()
    expect(await virtual.finish(first.ended)).toBe('committed')
    expect(await keys()).toEqual(['a', 'woken'])
  })
})

describe('bounds', () => {
  test('who waits ten seconds for a lock gets TIMEOUT', async () => {
    const { virtual, schema, database } = scene()
    await virtual.finish(database.transaction((tx) => insert(tx, 'a')))
    const first = thinking(database, 'a')
    await virtual.settle()
    const other = virtual.client(schema, virtual.process('shop#2'))
    let code = 'waits'
    void codeOf(other.transaction((tx) => boxes.load(tx, ['a']))).then((one) => (code = one))
    await virtual.settle(9 * SECOND_MS)
    expect(code).toBe('waits')
    await virtual.settle(2 * SECOND_MS)
    expect(code).toBe('TIMEOUT')
    first.wake()
    expect(await virtual.finish(first.ended)).toBe('committed')
  })

  test('a serialization failure is tried again, three times in all', async () => {
    const { virtual, database } = scene({ weights: { serialization: 1 } })
    let tries = 0
    const work = database.transaction(async (tx) => {
      tries += 1
      await insert(tx, 'a')
    })
    expect([await virtual.finish(codeOf(work)), tries]).toEqual(['SERIALIZATION', 3])
  })
})
