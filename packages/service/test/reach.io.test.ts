// Databases that somebody named and cannot be used, and a server that holds data of the other layout.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, startEmbedded, type EmbeddedServer } from '@ensemble/postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEnvironment } from '../src/config.ts'
import { findPlaces, makePlaces } from '../src/places.ts'

const SERVICES = ['order', 'user']
const NOBODY = 'postgres://me:hush@127.0.0.1:1/ensemble'

let directory: string
let server: EmbeddedServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'reach-'))
  await chmod(directory, 0o755)
  server = await startEmbedded({ directory: join(directory, 'server'), durable: false })
})
afterAll(async () => {
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

async function refusalOf(env: Readonly<Record<string, string>>): Promise<unknown> {
  const environment = readEnvironment({ env, services: SERVICES })
  return await findPlaces(environment, { asked: ['order'], services: SERVICES }).then(
    () => 'found',
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : error),
  )
}

describe('a database that cannot be used', () => {
  const refused = 'cannot connect to 127.0.0.1:1 (connect ECONNREFUSED 127.0.0.1:1)'
  const fix = 'start that server or correct the variable'

  test.each(['DATABASE_URL', 'ORDER_DATABASE_URL'])('named by %s is told with the fix', async (variable) => {
    expect(await refusalOf({ [variable]: NOBODY })).toBe(`DatabaseUnusable: ${variable}: ${refused}: ${fix}`)
  })

  test.each(['BUS_DATABASE_URL', 'ORDER_DATABASE_READ_URL'])(
    'named by %s beside one that can is told with the fix',
    async (variable) => {
      const env = { ORDER_DATABASE_URL: server.adminUrl, [variable]: NOBODY }
      expect(await refusalOf(env)).toBe(`DatabaseUnusable: ${variable}: ${refused}: ${fix}`)
    },
  )

  test('named by DATABASE_READ_URL beside a server that can is told with the fix', async () => {
    expect(await refusalOf({ DATABASE_URL: server.adminUrl, DATABASE_READ_URL: NOBODY })).toBe(
      `DatabaseUnusable: DATABASE_READ_URL: ${refused}: ${fix}`,
    )
  })

  test('for its password or its name is told so, without the password', async () => {
    const at = `127.0.0.1:${server.port}`
    const wrong = server.url('postgres', { name: 'postgres', password: 'hush' })
    expect(await refusalOf({ DATABASE_URL: wrong })).toBe(
      `DatabaseUnusable: DATABASE_URL: cannot connect to ${at} ` +
        '(password authentication failed for user "postgres"): correct the user or the password in the variable',
    )
    expect(await refusalOf({ ORDER_DATABASE_URL: server.url('nowhere') })).toBe(
      `DatabaseUnusable: ORDER_DATABASE_URL: cannot connect to ${at} (database "nowhere" does not exist): ` +
        'create that database or correct the variable',
    )
  })

  test('to make databases in is told with the right that is missing', async () => {
    const admin = await openDatabase({ name: 'admin', url: server.adminUrl })
    await admin.query(`CREATE ROLE guest LOGIN PASSWORD 'guest'`)
    await admin.close()
    const url = server.url('postgres', { name: 'guest', password: 'guest' })
    expect(await refusalOf({ DATABASE_URL: url })).toBe(
      `DatabaseUnusable: DATABASE_URL: cannot make databases and roles on 127.0.0.1:${server.port} ` +
        '(permission denied to create role): name a user who may (CREATEDB and CREATEROLE), ' +
        'or databases that are there: <SERVICE>_DATABASE_URL',
    )
  })
})

test('a read endpoint of the whole server is one of each service: its role, its database, the endpoint', async () => {
  const endpoint = new URL(server.adminUrl)
  endpoint.searchParams.set('options', '-c work_mem=8MB')
  const places = await makePlaces({
    services: SERVICES,
    adminUrl: server.adminUrl,
    readUrl: endpoint.href,
    isSeparate: false,
  })
  const { order } = places.services
  const { username, password } = new URL(order?.url ?? '')
  expect(order?.readUrl).toBe(
    `postgres://${username}:${password}@${endpoint.host}/ensemble${endpoint.search}`,
  )
  const database = await openDatabase({ name: 'order', url: order?.url ?? '', readUrl: order?.readUrl })
  const settingOf = async (pool: Pick<typeof database, 'query'>): Promise<unknown> =>
    (await pool.query(`select current_setting('work_mem') as work_mem`)).rows
  const seen = [await settingOf(database.read), await settingOf(database)]
  await database.close()
  expect(seen).toEqual([[{ work_mem: '8MB' }], [{ work_mem: '4MB' }]])
})

test('data of the other layout in the same server is told, whichever is used', async () => {
  const said: string[] = []
  const make = async (isSeparate: boolean): Promise<void> => {
    const adminUrl = server.adminUrl
    await makePlaces({ services: SERVICES, adminUrl, isSeparate, say: (line) => said.push(line) })
  }
  await make(false)
  expect(said).toEqual([])
  await make(true)
  expect(said.splice(0)).toEqual([
    'this server also holds data of the other layout (database ensemble, schemas bus, order, user), not used now; ' +
      'it is used when started without --separate-databases',
  ])
  await make(false)
  expect(said).toEqual([
    'this server also holds data of the other layout (databases ensemble_bus, ensemble_order, ensemble_user), ' +
      'not used now; it is used when started with --separate-databases',
  ])
})
