/** Pools, sessions and notices on a real server. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, PROFILES } from '../src/index.ts'
import type { SqlTransaction } from '../src/index.ts'
import { freshDatabase } from '../src/testing.ts'
import { failureOf, lastWords, rowsOf, scene, signal, until } from './support.ts'
import type { Scene } from './support.ts'
import { throughPort } from './wire.ts'

let place: Scene

beforeAll(async () => {
  place = await scene('database')
})
afterAll(() => place.end())

const terminateAll = (applicationName: string) =>
  place.outside.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = $1::text and datname = current_database()`,
    [applicationName],
  )

describe('a pool', () => {
  test('knows its server', async () => {
    const db = await place.open()
    expect([db.name, db.profile]).toEqual(['order', PROFILES.postgres])
    await db.ping()
  })

  test('refuses after a bounded wait, saying which pool is busy', async () => {
    const db = await place.open({ sizeMax: 1, connectTimeoutMs: 100 })
    const failure = await db.transaction(() => failureOf(db.query('select 1')))
    expect([failure.code, failure.message]).toEqual([
      'TIMEOUT',
      'write pool of order: all 1 connections stayed busy for 100 ms',
    ])
  })

  test('survives the loss of its idle connections', async () => {
    const db = await place.open({ applicationName: 'idle' })
    await Promise.all([db.query('select 1'), db.query('select 2'), db.read.query('select 3')])
    await terminateAll('idle')
    await until(async () =>
      db.query('select 1').then(
        () => true,
        () => false,
      ),
    )
    expect(await rowsOf(db, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('says SQL for a value that cannot be sent, and its connection is not used again', async () => {
    const db = await place.open({ sizeMax: 1 })
    const statement = { name: 'send', text: 'select $1::jsonb as value' }
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect((await failureOf(db.query(statement, [circle]))).code).toBe('SQL')
    expect((await failureOf(db.transaction((tx) => tx.query(statement, [circle])))).code).toBe('SQL')
    expect((await db.query(statement, [{ a: 1 }])).rows).toEqual([{ value: { a: 1 } }])
  })

  test('says CONNECTION where nobody listens', async () => {
    const failure = await failureOf(openDatabase({ name: 'order', url: 'postgres://a:b@127.0.0.1:1/x' }))
    expect(failure.code).toBe('CONNECTION')
  })

  test('says CONNECTION for a wrong password', async () => {
    const url = new URL(place.url)
    url.password = 'wrong'
    const failure = await failureOf(openDatabase({ name: 'order', url: url.href }))
    expect([failure.code, failure.sqlState]).toEqual(['CONNECTION', '28P01'])
  })

  test('ends twice without harm and refuses afterwards', async () => {
    const db = await openDatabase({ name: 'order', url: place.url })
    await db.query('select 1')
    await db.close()
    await db.close()
    expect((await failureOf(db.query('select 1'))).code).toBe('ENDED')
  })
})

describe('a read endpoint', () => {
  test('answers reads, and nothing else: statements and transactions see what was written', async () => {
    const { url: readUrl, drop } = await freshDatabase('standby')
    const behind = await place.open({ url: readUrl })
    await behind.query('create table seen (id int4)')
    await place.outside.query('create table seen (id int4)')
    const db = await place.open({ readUrl })
    await db.query('insert into seen values (1)')
    const select = 'select id from seen'
    const inside = await db.transaction(async (tx) => (await tx.query(select)).rows)
    const seen = [await rowsOf(db, select), inside, (await db.read.query(select)).rows]
    await db.close()
    await behind.close()
    await drop()
    expect(seen).toEqual([[{ id: 1 }], [{ id: 1 }], []])
  })

  test('has a pool of its own: it answers while the only connection for writing is taken', async () => {
    const db = await place.open({ sizeMax: 1, readSizeMax: 1 })
    const seen = await db.transaction(async () => (await db.read.query('select 1 as one')).rows)
    expect(seen).toEqual([{ one: 1 }])
  })
})

describe('a session', () => {
  test('has its bounds, its schema and its name', async () => {
    await place.outside.query('create schema "user"')
    const db = await place.open({ schema: 'user', applicationName: 'user service' })
    const { rows } = await db.query(
      `select name, setting from pg_settings where name = any($1::text[]) order by name`,
      [
        [
          'application_name',
          'idle_in_transaction_session_timeout',
          'lock_timeout',
          'search_path',
          'statement_timeout',
          'transaction_timeout',
        ],
      ],
    )
    expect(rows).toEqual([
      { name: 'application_name', setting: 'user service' },
      { name: 'idle_in_transaction_session_timeout', setting: '5000' },
      { name: 'lock_timeout', setting: '10000' },
      { name: 'search_path', setting: '"user"' },
      { name: 'statement_timeout', setting: '30000' },
      { name: 'transaction_timeout', setting: '60000' },
    ])
  })

  test('of the read pool cannot write', async () => {
    const db = await place.open()
    const failure = await failureOf(db.read.query('create table nothing (id int4)'))
    expect([failure.code, failure.sqlState]).toEqual(['SQL', '25006'])
  })

  test('gives up a slow statement and goes on', async () => {
    const db = await place.open({ sizeMax: 1, limits: { statementTimeoutMs: 50 } })
    const failure = await failureOf(db.query('select pg_sleep(30)'))
    expect([failure.code, failure.sqlState]).toEqual(['TIMEOUT', '57014'])
    expect(await rowsOf(db, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('in a hurry gives up soon, for the one transaction only', async () => {
    await place.outside.query('create table hurried (id int4); insert into hurried values (1)')
    const db = await place.open({ sizeMax: 2 })
    const take = (tx: SqlTransaction) => tx.query('select id from hurried for update')
    const failures = await db.transaction(async (tx) => {
      await take(tx)
      const hurried = await failureOf(
        db.transaction(
          async (other) => {
            other.hurry()
            await take(other)
          },
          { isEarly: true },
        ),
      )
      const { rows } = await db.query('show lock_timeout')
      return [hurried, rows]
    })
    expect(failures).toMatchObject([{ code: 'TIMEOUT', sqlState: '55P03' }, [{ lock_timeout: '10s' }]])
    await db.close()
  })

  test('gives up waiting for a lock', async () => {
    await place.outside.query('create table locked (id int4); insert into locked values (1)')
    const db = await place.open({ limits: { lockTimeoutMs: 50 } })
    const failure = await place.outside.transaction(async (tx) => {
      await tx.query('select id from locked for update')
      return failureOf(db.transaction((other) => other.query('select id from locked for update')))
    })
    expect([failure.code, failure.sqlState]).toEqual(['TIMEOUT', '55P03'])
  })

  test.each([
    ['idleInTransactionTimeoutMs', '25P03'],
    ['transactionTimeoutMs', '25P04'],
  ])(
    'is ended by the server when %s is over, and its transaction fails as TIMEOUT',
    async (limit, sqlState) => {
      const db = await place.open({ applicationName: limit, limits: { [limit]: 100 } })
      const mine = `select 1 from pg_stat_activity where application_name = $1::text and state = 'idle in transaction'`
      const failure = await failureOf(
        db.transaction(async (tx) => {
          await tx.query('select 1')
          await until(async () => (await place.outside.query(mine, [limit])).count === 0)
          await lastWords()
          await tx.query('select 2')
        }),
      )
      expect([failure.code, failure.sqlState]).toEqual(['TIMEOUT', sqlState])
      expect(await rowsOf(db, 'select 1 as one')).toEqual([{ one: 1 }])
    },
  )
})

test('a transaction takes one flush to begin, one per awaited statement, one for writes and COMMIT', async () => {
  let flushes = 0
  const target = new URL(place.url)
  const proxy = createServer((socket) => {
    const server = connect(Number(target.port), target.hostname)
    socket.on('data', () => (flushes += 1))
    socket.on('error', () => server.destroy())
    server.on('error', () => socket.destroy())
    socket.pipe(server).pipe(socket)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const address = proxy.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const db = await place.open({
    sizeMax: 1,
    url: throughPort(place.url, port),
  })
  const run = async (): Promise<number> => {
    flushes = 0
    await db.transaction(async (tx) => {
      await tx.query({ name: 'one', text: 'select 1 as one' })
      tx.defer(tx.query({ name: 'two', text: 'select 2 as two' }))
      tx.defer(tx.query({ name: 'three', text: 'select 3 as three' }))
    })
    return flushes
  }
  await run()
  expect(await run()).toBe(3)
  await db.close()
  proxy.close()
})

describe('notices', () => {
  test('reach who listens, until he stops', async () => {
    const db = await place.open()
    const heard: string[] = []
    const last = signal()
    const stop = await db.listen('log 0', (payload) => heard.push(`a${payload}`))
    await db.listen('log 0', (payload) => {
      heard.push(`b${payload}`)
      if (payload === '3') last.raise()
    })
    await place.outside.notify('log 0', '1')
    await until(async () => (await db.query('select 1')).count === 1 && heard.length >= 2)
    await stop()
    await Promise.all([db.notify('log 0', '2'), db.notify('log 0', '2'), db.notify('log 0', '3')])
    await last.raised
    expect(heard).toEqual(['a1', 'b1', 'b2', 'b3'])
  })

  test('reach him again after his connection was lost', async () => {
    const db = await place.open({
      applicationName: 'lost',
      clock: { now: () => 0, sleep: async () => {}, chance: () => 0 },
    })
    const heard: string[] = []
    await db.listen('again', (payload) => heard.push(payload))
    await terminateAll('lost notices')
    await until(async () => {
      await place.outside.notify('again', 'x')
      return heard.length > 0
    })
    expect(heard[0]).toBe('x')
  })

  test('are nothing where the database has none', async () => {
    const db = await place.open({ profile: PROFILES.cockroach })
    const stop = await db.listen('log', () => expect.unreachable())
    await db.notify('log', '')
    await stop()
    expect(db.counted()).toEqual({})
  })
})
