// What services of one process share: sessions where they may, and what is said where not.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded, type EmbeddedServer } from '@ensemble/postgres'
import { systemClock, systemIds } from '@ensemble/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { groundsOf } from '../src/grounds.ts'
import { makePlaces, migrateBus, type Places } from '../src/places.ts'

const SERVICES = ['order', 'user']

let directory: string
let server: EmbeddedServer
let places: Places

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'grounds-'))
  await chmod(directory, 0o755)
  server = await startEmbedded({ directory: join(directory, 'server'), durable: false })
  places = await makePlaces({ services: SERVICES, adminUrl: server.adminUrl, isSeparate: false })
  await migrateBus(places.bus)
})
afterAll(async () => {
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

/** Whether both services share sessions, and what was said. */
async function shared(together: string | undefined): Promise<readonly [boolean, readonly string[]]> {
  await using stack = new AsyncDisposableStack()
  const said: string[] = []
  const say = (line: string): void => void said.push(line)
  const grounds = groundsOf({ places, together, kafka: undefined, ids: systemIds(systemClock), stack, say })
  const [order, user] = [await grounds.open('order'), await grounds.open('user')]
  await Promise.all([order.database.ping(), user.database.ping()])
  return [order.database.home !== undefined && order.database.home === user.database.home, said]
}

test('services of one process share sessions', async () => {
  expect(await shared(places.together)).toEqual([true, []])
})

test('without a role for all each has its own, and nobody is told', async () => {
  expect(await shared(undefined)).toEqual([false, []])
})

test('a role for all that is not let in is told, and each has its own', async () => {
  const url = new URL(places.together ?? '')
  url.password = 'another'
  const [isShared, [line]] = await shared(url.href)
  expect([isShared, line]).toEqual([
    false,
    expect.stringMatching(/^services do not act together, which is slower: .*ensemble__together/),
  ])
})

test('databases of their own have no role for all', async () => {
  const made = await makePlaces({ services: SERVICES, adminUrl: server.adminUrl, isSeparate: true })
  expect(made.together).toBeUndefined()
})
