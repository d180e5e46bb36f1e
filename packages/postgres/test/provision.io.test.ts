/** Roles, schemas and databases of the services, on a server of its own: roles belong to the whole server. */
import { mkdtemp, chmod, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, provision, startEmbedded } from '../src/index.ts'
import type { Database, EmbeddedServer, Provisioned } from '../src/index.ts'
import { failureOf } from './support.ts'

let directory: string
let server: EmbeddedServer
const opened: Database[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'provision-'))
  await chmod(directory, 0o755)
  server = await startEmbedded({ directory: join(directory, 'server'), durable: false })
})
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()))
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

async function enter({ url, schema }: Pick<Provisioned, 'url' | 'schema'>): Promise<Database> {
  const database = await openDatabase({ name: schema, url, schema })
  opened.push(database)
  return database
}

const SERVICES = [{ name: 'order' }, { name: 'user' }]

test('services share a database: each owns its schema, all use the tables of the bus', async () => {
  const found = await provision({ adminUrl: server.adminUrl, services: SERVICES })
  const { order, user } = found.services
  expect([order?.schema, order?.database, order?.role]).toEqual(['order', 'ensemble', 'ensemble_order'])
  const [orders, users] = [await enter(order ?? found.bus), await enter(user ?? found.bus)]
  await orders.query('create table secret (id int4)')
  expect((await failureOf(users.query('select id from "order".secret'))).sqlState).toBe('42501')
  await (await enter(found.bus)).query('create table log (id int4)')
  await orders.query('insert into bus.log values (1)')
  expect((await users.query('select id from bus.log for update')).rows).toEqual([{ id: 1 }])
})

test('again, and several at once, it gives the same', async () => {
  const options = { adminUrl: server.adminUrl, services: [...SERVICES, { name: 'payment' }] }
  const all = await Promise.all([provision(options), provision(options), provision(options)])
  expect(all[1]).toEqual(all[0])
  expect(all[2]).toEqual(all[0])
  await (await enter(all[0]?.services['payment'] ?? all[0].bus)).ping()
})

test('with databases of their own, nobody enters another one, and the bus has its own too', async () => {
  const services = [
    { name: 'order', database: 'order_own' },
    { name: 'user', database: 'user_own' },
  ]
  const found = await provision({ adminUrl: server.adminUrl, services })
  const { order, user } = found.services
  expect([order?.database, order?.schema, user?.database, found.bus.database]).toEqual([
    'order_own',
    'order',
    'user_own',
    'bus',
  ])
  await (await enter(order ?? found.bus)).query('create table mine (id int4)')
  const trespass = new URL(user?.url ?? '')
  trespass.pathname = '/order_own'
  expect((await failureOf(enter({ url: trespass.href, schema: 'order' }))).sqlState).toBe('42501')
})

test('an administrator who is no superuser can do it too', async () => {
  const other = await startEmbedded({ directory: join(directory, 'other'), durable: false })
  try {
    const admin = await openDatabase({ name: 'admin', url: other.adminUrl })
    await admin.query(`create role team login createrole createdb password 'team'`)
    await admin.close()
    const options = {
      adminUrl: other.url('postgres', { name: 'team', password: 'team' }),
      services: SERVICES,
    }
    const found = await provision(options)
    expect(await provision(options)).toEqual(found)
    const order = await openDatabase({ name: 'order', ...(found.services['order'] ?? found.bus) })
    await order.query('create table mine (id int4)')
    await order.close()
    const bus = await openDatabase({ name: 'bus', ...found.bus })
    await bus.query('create table log (id int4)')
    await bus.close()
  } finally {
    await other.stop()
  }
})

test('a name that is no name is refused before anything is made', async () => {
  const refused = provision({ adminUrl: server.adminUrl, services: [{ name: 'x"; drop' }] })
  await expect(refused).rejects.toThrow(RangeError)
})

test('two systems that start at once through different databases share the roles', async () => {
  for (const name of ['one', 'two']) await createDatabase(name)
  const through = (name: string): Promise<unknown> => {
    const url = new URL(server.adminUrl)
    url.pathname = `/${name}`
    return provision({ adminUrl: url.href, services: SERVICES })
  }
  const rounds = Array.from({ length: 5 }, () => [through('one'), through('two')]).flat()
  await expect(Promise.all(rounds)).resolves.toHaveLength(10)
})

async function createDatabase(name: string): Promise<void> {
  const admin = await openDatabase({ name: 'admin', url: server.adminUrl })
  opened.push(admin)
  await admin.query(`CREATE DATABASE ${name}`)
}
