// The reference system as processes, with the bus in PostgreSQL: the README's calls, and what it says of itself when a
// process or the database is away.
import { startEmbedded, type EmbeddedServer } from '@ensemble/postgres'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openFolder, removeFolder, startTestCluster, type TestCluster } from './cluster-support.ts'
import { scenesAt } from './readme-scenes.ts'
import { call } from './support.ts'

const SOON = { timeout: 30_000, interval: 100 }

describe('processes, two of order and of payment', () => {
  let directory: string
  let server: EmbeddedServer
  let cluster: TestCluster
  beforeAll(async () => {
    directory = await openFolder()
    server = await startEmbedded({ directory, durable: false })
    const databaseUrl = server.adminUrl
    cluster = await startTestCluster({ bus: 'postgres', data: directory, databaseUrl, env: process.env })
  })
  afterAll(async () => {
    await cluster.stop()
    await server.stop()
    await removeFolder(directory)
  })

  scenesAt(() => cluster.url, 'orchestration')

  test('one of two instances is killed: the other answers meanwhile, and it is started again', async () => {
    const [victim] = cluster.children.filter(({ service }) => service === 'order')
    const pid = victim?.pid
    victim?.signal('SIGKILL')

    for (let n = 0; n < 4; n += 1)
      expect(await call(`${cluster.url}/v2/order/list`)).toMatchObject({ status: 200 })

    await vi.waitFor(async () => {
      expect(await victim?.isReady()).toBe(true)
      expect(victim?.pid).not.toBe(pid)
    }, SOON)
    expect(cluster.lines).toContainEqual(expect.stringMatching(/^order-1 +\| ended by itself \(SIGKILL\)/))
  })

  test('the database is away: every process says so and stays alive, and is ready when it is back', async () => {
    await server.stop()
    for (const child of cluster.children) {
      const { status, body } = await call(`${child.url}/v1/health/ready`)
      expect({ status, detail: body['detail'] }).toEqual({ status: 503, detail: 'Down: database, bus.' })
      expect(await call(`${child.url}/v1/health`)).toMatchObject({ status: 200 })
    }

    server = await startEmbedded({ directory, durable: false })
    expect(await cluster.untilReady(SOON.timeout)).toBe(true)
  })
})
