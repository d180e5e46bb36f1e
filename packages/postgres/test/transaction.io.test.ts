/** Transactions on a real server: what is sent, what a failure becomes, what is tried again. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fieldsOf } from '../src/database/client.ts'
import { DatabaseError } from '../src/index.ts'
import type { Database, Statement } from '../src/index.ts'
import { failureOf, lastWords, rowsOf, scene, signal, until } from './support.ts'
import type { Scene } from './support.ts'

const insert: Statement = {
  name: 'insert_1',
  text: 'insert into account (id, amount) values ($1::text, $2::int8)',
}
const read: Statement = { name: 'read_1', text: 'select id, amount from account order by id asc nulls last' }
const slow = 'select pg_sleep(0.05)'

let place: Scene
let database: Database

beforeAll(async () => {
  place = await scene('transaction')
  database = await place.open()
  await database.query('create table account (id text primary key, amount int8 not null)')
})
beforeEach(async () => {
  await place.outside.query('delete from account')
})
afterAll(() => place.end())

const accounts = () => rowsOf(place.outside, 'select id, amount from account order by id')

describe('a transaction', () => {
  test('sends BEGIN with the time, its statements, and COMMIT: nothing else', async () => {
    const db = await place.open()
    const clock = await db.query('select floor(extract(epoch from now()) * 1000)::int8 as now')
    const before = db.counted()
    const answer = await db.transaction(async (tx) => {
      const written = await tx.query(insert, ['a', 5])
      return { written, isNow: tx.now >= Number(clock.rows[0]?.['now']), seen: await tx.query(read) }
    })
    expect(answer).toEqual({
      written: { count: 1, rows: [] },
      isNow: true,
      seen: { count: 1, rows: [{ id: 'a', amount: '5' }] },
    })
    expect(before).toEqual({ SQL: 1 })
    expect(db.counted()).toEqual({ SQL: 1, BEGIN: 1, NOW: 1, insert_1: 1, read_1: 1, COMMIT: 1 })
  })

  test('sends BEGIN when its early work asks for something, and nothing at all when it does not', async () => {
    const db = await place.open()
    const done: string[] = []
    const idle = await db.transaction(
      async (tx) => {
        tx.onCommit(() => done.push('idle'))
        tx.foretold()
        return 'idle'
      },
      { isEarly: true },
    )
    const failed = db.transaction(() => Promise.reject(new Error('no')), { isEarly: true })
    await expect(failed).rejects.toThrow('no')
    const refused = async (): Promise<void> => {
      await db.transaction(async (tx) => tx.defer(Promise.reject(new Error('no write'))), { isEarly: true })
    }
    await expect(refused()).rejects.toThrow('no write')
    expect({ idle, done, counted: db.counted() }).toEqual({ idle: 'idle', done: ['idle'], counted: {} })
    const ended = await db.transaction(async (tx) => () => tx.begun(), { isEarly: true })
    await expect(ended()).rejects.toMatchObject({ code: 'ENDED' })
    expect(db.counted()).toEqual({})
    await db.transaction((tx) => tx.begun(), { isEarly: true })
    expect(db.counted()).toEqual({ BEGIN: 1, NOW: 1, COMMIT: 1 })
  })

  test('decodes json and leaves int8 as text', async () => {
    const { rows } = await database.query(
      `select '{"a":[1]}'::jsonb as j, 9007199254740993::int8 as n, 1::int4 as i`,
    )
    expect(rows).toEqual([{ j: { a: [1] }, n: '9007199254740993', i: 1 }])
  })

  test('commits deferred writes with COMMIT, and then runs its wake-ups', async () => {
    const heard: string[] = []
    await database.transaction(async (tx) => {
      tx.onCommit(() => heard.push('committed'))
      tx.defer(tx.query(insert, ['a', 1]))
      tx.defer(tx.query(insert, ['b', 2]))
    })
    expect([heard, await accounts()]).toEqual([
      ['committed'],
      [
        { id: 'a', amount: '1' },
        { id: 'b', amount: '2' },
      ],
    ])
  })

  test('fails as the deferred write that failed, not as COMMIT, and gives its connection back', async () => {
    const db = await place.open({ sizeMax: 1 })
    const heard: string[] = []
    const pid = async () => (await db.query('select pg_backend_pid() as pid')).rows
    const before = await pid()
    const failure = await failureOf(
      db.transaction(async (tx) => {
        tx.onCommit(() => heard.push('committed'))
        tx.defer(tx.query(insert, ['a', 1]))
        tx.defer(tx.query(insert, ['a', 2]))
        tx.defer(tx.query(insert, ['b', 3]))
      }),
    )
    const { code, sqlState, constraint, statement } = failure
    expect({ code, sqlState, constraint, statement }).toEqual({
      code: 'UNIQUE',
      sqlState: '23505',
      constraint: 'account_pkey',
      statement: 'insert_1',
    })
    expect([heard, await accounts(), await pid()]).toEqual([[], [], before])
    expect(db.counted()).toMatchObject({ BEGIN: 1, COMMIT: 1 })
  })

  test('fails as a statement that nobody awaited', async () => {
    const failure = await failureOf(
      database.transaction(async (tx) => {
        void tx.query(insert, ['a', null])
        void tx.query(insert, ['b', 1])
      }),
    )
    expect([failure.code, failure.sqlState, await accounts()]).toEqual(['SQL', '23502', []])
  })

  test('survives a deferred write that fails long before COMMIT', async () => {
    const failure = await failureOf(
      database.transaction(async (tx) => {
        tx.defer(tx.query('select 1 / 0'))
        await database.query(slow)
      }),
    )
    expect([failure.code, failure.sqlState]).toEqual(['SQL', '22012'])
  })

  test('fails as the statement whose failure its work had caught', async () => {
    const failure = await failureOf(
      database.transaction(async (tx) => {
        await tx.query('select 1 / 0').catch(() => undefined)
        await tx.query(read).catch(() => undefined)
      }),
    )
    expect(failure.sqlState).toBe('22012')
  })

  test('rolls back and rethrows what its work throws', async () => {
    const thrown = new RangeError('no')
    const work = database.transaction(async (tx) => {
      await tx.query(insert, ['a', 1])
      throw thrown
    })
    await expect(work).rejects.toBe(thrown)
    expect(await accounts()).toEqual([])
  })

  test('takes no statement after its end', async () => {
    const kept = await database.transaction(async (tx) => tx)
    expect((await failureOf(kept.query(read))).code).toBe('ENDED')
    expect((await failureOf(kept.savepoint(async () => 1))).code).toBe('ENDED')
  })

  test('prepares a statement once per connection', async () => {
    const db = await place.open({ sizeMax: 1 })
    for (const id of ['a', 'b', 'c']) await db.transaction(async (tx) => tx.defer(tx.query(insert, [id, 1])))
    const { rows } = await db.query('select name from pg_prepared_statements order by name')
    expect(rows.map(({ name }) => name)).toEqual(['BEGIN', 'COMMIT', 'NOW', 'insert_1'])
  })
})

describe('a savepoint', () => {
  test('takes back what was done, deferred and promised inside when its work throws', async () => {
    const heard: string[] = []
    await database.transaction(async (tx) => {
      await tx.query(insert, ['a', 1])
      const refused = tx.savepoint(async () => {
        tx.onCommit(() => heard.push('inner'))
        tx.defer(tx.query(insert, ['b', 1]))
        throw new RangeError('rejected')
      })
      await expect(refused).rejects.toThrow(RangeError)
      expect(await tx.savepoint(async () => (await tx.query(insert, ['c', 1])).count)).toBe(1)
      tx.onCommit(() => heard.push('outer'))
    })
    const ids = (await accounts()).map((row) => fieldsOf(row)['id'])
    expect([heard, ids]).toEqual([['outer'], ['a', 'c']])
  })

  test('takes back a statement that failed inside, awaited or not', async () => {
    await database.transaction(async (tx) => {
      await failureOf(tx.savepoint(() => tx.query('select 1 / 0')))
      const failure = await failureOf(tx.savepoint(async () => void tx.query('select nothing')))
      expect(failure.sqlState).toBe('42703')
      await failureOf(
        tx.savepoint(async () => {
          await tx.query(insert, ['b', 1])
          await tx.savepoint(() => tx.query(insert, ['b', 2]))
        }),
      )
      await tx.query(insert, ['a', 1])
    })
    expect(await accounts()).toEqual([{ id: 'a', amount: '1' }])
  })

  test('cannot take back a serialization failure: the whole transaction runs again', async () => {
    let tries = 0
    await database.transaction(async (tx) => {
      tries += 1
      const raise = `do $$ begin if ${tries} < 2 then raise exception using errcode = '40001'; end if; end $$`
      await tx.savepoint(() => tx.query(raise)).catch(() => undefined)
      await tx.query(insert, ['a', tries])
    })
    expect([tries, await accounts()]).toEqual([2, [{ id: 'a', amount: '2' }]])
  })
})

describe('a transaction runs again', () => {
  test('after a real write skew under SERIALIZABLE, and both end as if one after the other', async () => {
    const db = await place.open({ isolation: 'serializable' })
    await place.outside.query(`insert into account values ('a', 1), ('b', 1)`)
    const bothHaveRead = signal()
    let readers = 0
    let tries = 0
    const takeIfTwo = (id: string) =>
      db.transaction(async (tx) => {
        tries += 1
        const sum = Number((await tx.query('select sum(amount)::int4 as sum from account')).rows[0]?.['sum'])
        readers += 1
        if (readers === 2) bothHaveRead.raise()
        await bothHaveRead.raised
        if (sum === 2) await tx.query('update account set amount = 0 where id = $1::text', [id])
      })
    await Promise.all([takeIfTwo('a'), takeIfTwo('b')])
    const [sum] = await rowsOf(place.outside, 'select sum(amount)::int4 as sum from account')
    expect({ tries, sum, counted: db.counted()['BEGIN'] }).toEqual({ tries: 3, sum: { sum: 1 }, counted: 3 })
  })

  test('after a real deadlock', async () => {
    await place.outside.query(`insert into account values ('a', 1), ('b', 1)`)
    const bothHold = signal()
    let holders = 0
    let tries = 0
    const add = (first: string, second: string) =>
      database.transaction(async (tx) => {
        tries += 1
        await tx.query('update account set amount = amount + 1 where id = $1::text', [first])
        holders += 1
        if (holders === 2) bothHold.raise()
        await bothHold.raised
        await tx.query('update account set amount = amount + 1 where id = $1::text', [second])
      })
    await Promise.all([add('a', 'b'), add('b', 'a')])
    expect([tries, await accounts()]).toEqual([
      3,
      [
        { id: 'a', amount: '3' },
        { id: 'b', amount: '3' },
      ],
    ])
  })

  test('not more often than it may', async () => {
    let tries = 0
    const work = () =>
      database.transaction(
        async (tx) => {
          tries += 1
          await tx.query(`do $$ begin raise exception using errcode = '40001'; end $$`)
        },
        { triesMax: 2 },
      )
    expect([(await failureOf(work())).code, tries]).toEqual(['SERIALIZATION', 2])
  })

  test('not after a unique violation', async () => {
    let tries = 0
    const failure = await failureOf(
      database.transaction(async (tx) => {
        tries += 1
        await tx.query(insert, ['a', 1])
        await tx.query(insert, ['a', 1])
      }),
    )
    expect([failure.code, tries]).toEqual(['UNIQUE', 1])
  })

  test('after a serialization failure that its work wrapped in an error of its own', async () => {
    let tries = 0
    await database.transaction(async (tx) => {
      tries += 1
      const raise = `do $$ begin if ${tries} < 2 then raise exception using errcode = '40001'; end if; end $$`
      await tx.query(raise).catch((cause: unknown) => {
        throw new Error('wrapped', { cause })
      })
    })
    expect(tries).toBe(2)
  })
})

describe('COMMIT whose answer is lost', () => {
  const terminate = (pid: unknown) => place.outside.query('select pg_terminate_backend($1::int4)', [pid])

  test('is COMMIT_UNKNOWN when the backend is terminated while it commits', async () => {
    await place.outside.query(`
      create table slow (id int4);
      create function wait() returns trigger language plpgsql as $$ begin perform pg_sleep(30); return null; end $$;
      create constraint trigger wait after insert on slow deferrable initially deferred
        for each row execute function wait()`)
    let pid: unknown
    let tries = 0
    const committed = failureOf(
      database.transaction(async (tx) => {
        tries += 1
        pid = (await tx.query('select pg_backend_pid() as pid')).rows[0]?.['pid']
        tx.defer(tx.query('insert into slow values (1)'))
      }),
    )
    const activity = 'select query from pg_stat_activity where pid = $1::int4'
    await until(async () => {
      if (pid === undefined) return (await rowsOf(place.outside, 'select 1')).length === 0
      return (await place.outside.query(activity, [pid])).rows[0]?.['query'] === 'COMMIT'
    })
    await terminate(pid)
    expect([(await committed).code, tries]).toEqual(['COMMIT_UNKNOWN', 1])
    expect(await rowsOf(database, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('is COMMIT_UNKNOWN when the connection breaks after COMMIT was sent', async () => {
    const db = await place.open({ sizeMax: 1, fault: (name) => (name === 'COMMIT' ? 'lose' : undefined) })
    const failure = await failureOf(db.transaction(async (tx) => tx.defer(tx.query(insert, ['a', 1]))))
    expect(failure.code).toBe('COMMIT_UNKNOWN')
    expect(await rowsOf(db, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('is a plain CONNECTION failure when it was lost before COMMIT', async () => {
    let tries = 0
    const failure = await failureOf(
      database.transaction(async (tx) => {
        tries += 1
        await tx.query(insert, ['a', 1])
        const { pid } = (await tx.query('select pg_backend_pid() as pid')).rows[0] ?? {}
        await place.outside.query('select pg_terminate_backend($1::int4, 5000)', [pid])
        await lastWords()
        await tx.query('select 1')
      }),
    )
    expect([failure.code, failure.sqlState, tries, await accounts()]).toEqual(['CONNECTION', '57P01', 1, []])
  })

  test('is the failure of the statement before it, where the server refused that one', async () => {
    const db = await place.open({ fault: (name) => (name === 'COMMIT' ? 'lose' : undefined) })
    const failure = await failureOf(
      db.transaction(async (tx) => {
        await tx.query(slow)
        await tx.query('select 1 / 0').catch(() => undefined)
      }),
    )
    expect(failure.sqlState).toBe('22012')
  })
})

test('an injected failure of any statement or of COMMIT rolls back and is tried again', async () => {
  const names: string[] = []
  for (let at = 0; at < 4; at += 1) {
    let sent = 0
    const db = await place.open({
      sizeMax: 1,
      fault: (name) => {
        sent += 1
        if (sent !== at + 1) return undefined
        names.push(name)
        return new DatabaseError('SERIALIZATION', 'injected')
      },
    })
    await db.transaction(async (tx) => void (await tx.query(insert, [String(at), 1])))
    await db.close()
  }
  expect([names, (await accounts()).length]).toEqual([['BEGIN', 'NOW', 'insert_1', 'COMMIT'], 4])
})
