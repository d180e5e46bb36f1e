/** Migrations up, down and by several at once. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fieldsOf } from '../src/database/client.ts'
import { systemClock } from '../src/database/clock.ts'
import { migrate, PROFILES } from '../src/index.ts'
import type { Profile } from '../src/index.ts'
import { underLease } from '../src/migrate/lease.ts'
import { runnerOptions } from '../src/migrate/migrate.ts'
import { rowsOf, scene } from './support.ts'
import type { Scene } from './support.ts'

let place: Scene
let folder: string
let folders: string[] = []

beforeAll(async () => {
  place = await scene('migrate')
})
beforeEach(async () => {
  folder = await freshFolder()
  await place.outside.query('drop schema if exists "order" cascade')
  for (const name of ['001_one', '002_two', '003_three']) await pair(name)
})
afterEach(async () => {
  for (const made of folders) await rm(made, { recursive: true, force: true })
  folders = []
})
afterAll(() => place.end())

async function freshFolder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'migrations-'))
  folders.push(made)
  return made
}

async function pair(name: string): Promise<void> {
  const table = name.slice(4)
  await writeFile(join(folder, `${name}.up.sql`), `create table ${table} (id int4 primary key);`)
  await writeFile(join(folder, `${name}.down.sql`), `drop table ${table};`)
}

const tables = async () => {
  const rows = await rowsOf(
    place.outside,
    `select table_name as name from information_schema.tables where table_schema = 'order' order by table_name`,
  )
  return rows.map((row) => fieldsOf(row)['name'])
}
const up = (count?: number) =>
  migrate(place.url, {
    schema: 'order',
    directory: folder,
    direction: 'up',
    ...(count === undefined ? {} : { count }),
  })
const down = (count?: number) =>
  migrate(place.url, {
    schema: 'order',
    directory: folder,
    direction: 'down',
    ...(count === undefined ? {} : { count }),
  })

test('up runs each pair once, in order, inside the schema; down takes back N, one by default', async () => {
  expect(await up(1)).toEqual(['001_one'])
  expect(await up()).toEqual(['002_two', '003_three'])
  expect(await up()).toEqual([])
  expect(await tables()).toEqual(['migrations', 'one', 'three', 'two'])
  expect(await down()).toEqual(['003_three'])
  expect(await down(2)).toEqual(['002_two', '001_one'])
  expect(await tables()).toEqual(['migrations'])
  expect(await up()).toEqual(['001_one', '002_two', '003_three'])
})

test('the loader for pairs is named, without which a down file would run as a step up', () => {
  const set = { directory: folder, table: 'migrations' }
  const options = runnerOptions(
    new Client(),
    set,
    { schema: 'order', direction: 'up' },
    { count: 1, noLock: false },
  )
  expect(options).toMatchObject({
    migrationLoaderStrategies: [{ extensions: ['.sql'], loader: 'sql' }],
    singleTransaction: false,
    noLock: false,
  })
})

test('a file of another form, and one without its pair, are refused before anything runs', async () => {
  await writeFile(join(folder, '004_four.sql'), 'select 1')
  await expect(up()).rejects.toMatchObject({ code: 'FILE_NAME' })
  await rm(join(folder, '004_four.sql'))
  await writeFile(join(folder, '004_four.up.sql'), 'select 1')
  await expect(up()).rejects.toMatchObject({ code: 'PAIR_MISSING' })
  expect(await tables()).toEqual([])
})

test('a step that fails leaves nothing of itself and keeps those before it', async () => {
  await writeFile(join(folder, '003_three.up.sql'), 'create table three (id int4); select 1 / 0;')
  await expect(up()).rejects.toMatchObject({ code: 'FAILED', sqlState: '22012' })
  expect(await tables()).toEqual(['migrations', 'one', 'two'])
})

test('a step added before one that has run is refused', async () => {
  await up()
  await pair('000_zero')
  await expect(up()).rejects.toMatchObject({ code: 'FAILED' })
  expect(await tables()).toEqual(['migrations', 'one', 'three', 'two'])
})

test('the engine and a service keep their steps apart in one schema, and down goes backwards', async () => {
  const engine = folder
  folder = await freshFolder()
  await pair('001_noun')
  const directories = [
    { directory: engine, table: 'engine_migrations' },
    { directory: folder, table: 'service_migrations' },
  ]
  const both = { schema: 'order', directories } as const
  expect(await migrate(place.url, { ...both, direction: 'up' })).toEqual([
    '001_one',
    '002_two',
    '003_three',
    '001_noun',
  ])
  expect(await migrate(place.url, { ...both, direction: 'down', count: 2 })).toEqual([
    '001_noun',
    '003_three',
  ])
  expect(await tables()).toEqual(['engine_migrations', 'one', 'service_migrations', 'two'])
})

describe.each<[string, Profile]>([
  ['an advisory lock', PROFILES.postgres],
  ['a lease row', PROFILES.cockroach],
])('several at once, kept apart by %s', (_name, profile) => {
  test('run each step once', async () => {
    const one = () => migrate(place.url, { schema: 'order', directory: folder, direction: 'up', profile })
    const ran = await Promise.all([one(), one(), one()])
    expect(ran.flat()).toEqual(['001_one', '002_two', '003_three'])
  })
})

describe('a lease', () => {
  const options = () => ({ url: place.url, schema: 'order', clock: systemClock })

  test('of a process that died is over when its time is', async () => {
    await up()
    await underLease(options(), async () => undefined)
    await place.outside.query(
      `update "order".migration_lease set owner = 'dead', until = now() + interval '300 milliseconds'`,
    )
    expect(await underLease(options(), async () => 'mine')).toBe('mine')
  })

  test('that is held makes others wait no longer than they said', async () => {
    await up()
    const waiting = underLease(options(), () =>
      underLease({ ...options(), waitMsMax: 1 }, async () => undefined),
    )
    await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('that was lost fails its work', async () => {
    await up()
    const work = underLease({ ...options(), leaseMs: 60_000 }, async () => {
      await place.outside.query(`update "order".migration_lease set owner = 'other'`)
    })
    await expect(work).rejects.toMatchObject({ code: 'TIMEOUT' })
    await place.outside.query('update "order".migration_lease set owner = null')
  })
})
