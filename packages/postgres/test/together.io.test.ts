/** Scenes: services of one process that share sessions, on a server of its own: roles belong to the whole server. */
import { mkdtemp, chmod, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { statementOf } from '../src/database/statement.ts'
import { openDatabase, openSessions, PROFILES, provision, startEmbedded } from '../src/index.ts'
import type { Database, EmbeddedServer, Provision, Sessions, SqlTransaction } from '../src/index.ts'
import { failureOf } from './support.ts'

let directory: string
let server: EmbeddedServer
let found: Provision
let sessions: Sessions
let order: Database
let user: Database

async function open(name: string, shared: Sessions | undefined): Promise<Database> {
  const place = found.services[name]
  if (place === undefined) throw new Error(`no place for ${name}`)
  return await openDatabase({ name, url: place.url, schema: place.schema, sessions: shared, sizeMax: 2 })
}

async function openShared(sizeMax: number): Promise<Sessions> {
  const opened = await openSessions({ name: 'together', url: found.together ?? '', sizeMax })
  if (opened === null) throw new Error('this server shares no sessions')
  return opened
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'together-'))
  await chmod(directory, 0o755)
  server = await startEmbedded({ directory: join(directory, 'server'), durable: false })
  found = await provision({ adminUrl: server.adminUrl, services: [{ name: 'order' }, { name: 'user' }] })
  // One session: whatever a transaction leaves in it the next one meets.
  sessions = await openShared(1)
  order = await open('order', sessions)
  user = await open('user', sessions)
  await order.query('create table own (id int4 primary key)')
  await user.query('create table own (id int4 primary key)')
})
beforeEach(async () => {
  await order.query('truncate own')
  await user.query('truncate own')
})
afterAll(async () => {
  await Promise.all([order.close(), user.close()])
  await sessions.close()
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

const INSERT = statementOf('own_insert.sql', 'insert into own (id) values ($1::int4)')
const WHO = statementOf('who.sql', 'select current_user as role, current_schema as schema')

async function idsIn(database: Database): Promise<readonly unknown[]> {
  return (await database.query('select id from own order by id')).rows.map(({ id }) => id)
}

async function whoIs(tx: SqlTransaction): Promise<string> {
  const row = (await tx.query(WHO)).rows[0] ?? {}
  return `${String(row['role'])} ${String(row['schema'])}`
}

describe('a transaction in shared sessions', () => {
  test('is in the tables of its service, and of those it visits, and all of it commits together', async () => {
    const seen = await order.transaction(async (tx) => {
      const visit = tx.as(user)
      tx.defer(tx.query(INSERT, [1]))
      tx.defer(visit.query(INSERT, [2]))
      tx.defer(tx.query(INSERT, [3]))
      expect(visit.now).toBe(tx.now)
      return [await whoIs(tx), await whoIs(visit), await whoIs(visit.as(order))]
    })
    expect(seen).toEqual(['ensemble_order order', 'ensemble_user user', 'ensemble_order order'])
    expect([await idsIn(order), await idsIn(user)]).toEqual([[1, 3], [2]])
  })

  test('leaves nothing anywhere when it fails', async () => {
    const failed = order.transaction(async (tx) => {
      await tx.query(INSERT, [1])
      await tx.as(user).query(INSERT, [2])
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect([await idsIn(order), await idsIn(user)]).toEqual([[], []])
  })

  test('has the rights of one service at a time', async () => {
    for (const visits of [false, true]) {
      const failure = await failureOf(
        order.transaction((tx) =>
          (visits ? tx.as(user) : tx).query(`insert into "${visits ? 'order' : 'user'}".own values (1)`),
        ),
      )
      expect(failure.sqlState).toBe('42501')
    }
  })

  test('leaves the session to the next one as it was', async () => {
    const other = await user.transaction(async (tx) => {
      await tx.as(order).query(INSERT, [7])
      return await whoIs(tx.as(order))
    })
    expect([other, await user.transaction(whoIs)]).toEqual(['ensemble_order order', 'ensemble_user user'])
    await failureOf(order.transaction((tx) => tx.as(user).query('select no_such_column from own')))
    expect(await order.transaction(whoIs)).toBe('ensemble_order order')
  })

  test('is where it was when a savepoint is taken back', async () => {
    const seen = await order.transaction(async (tx) => {
      const inside = tx.savepoint(async () => {
        await tx.as(user).query(INSERT, [1])
        throw new Error('back')
      })
      await expect(inside).rejects.toThrow('back')
      await tx.as(user).query(INSERT, [3])
      await tx.query(INSERT, [2])
      return await whoIs(tx)
    })
    expect(seen).toBe('ensemble_order order')
    expect([await idsIn(order), await idsIn(user)]).toEqual([[2], [3]])
  })

  test('visits nobody with other sessions', async () => {
    const others = await openShared(1)
    const [elsewhere, alone] = [await open('user', others), await open('user', undefined)]
    for (const database of [elsewhere, alone, {}])
      await expect(order.transaction(async (tx) => tx.as(database))).rejects.toThrow('shares its session')
    await expect(alone.transaction(async (tx) => tx.as(user))).rejects.toThrow('shares its session')
    await Promise.all([elsewhere.close(), alone.close()])
    await others.close()
  })

  test('counts its statements for its service', async () => {
    const before = [order, user].map((database) => database.counted()[INSERT.name] ?? 0)
    await order.transaction((tx) => tx.as(user).query(INSERT, [1]))
    const after = [order, user].map((database) => database.counted()[INSERT.name] ?? 0)
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 0])
  })
})

describe('shared sessions', () => {
  test('may do nothing as themselves', async () => {
    const themselves = await openDatabase({ name: 'themselves', url: found.together ?? '' })
    expect((await failureOf(themselves.query('select id from "order".own'))).sqlState).toBe('42501')
    await themselves.close()
  })

  test('are not to be had where the server cannot change roles within a transaction', async () => {
    const options = { name: 'together', url: found.together ?? '', profile: PROFILES.cockroach }
    expect(await openSessions(options)).toBeNull()
  })

  test('are not for one service, nor for databases of their own', async () => {
    const { adminUrl } = server
    expect((await provision({ adminUrl, services: [{ name: 'order' }] })).together).toBeNull()
    const services = [
      { name: 'order', database: 'order_own' },
      { name: 'user', database: 'user_own' },
    ]
    expect((await provision({ adminUrl, services })).together).toBeNull()
  })
})
