// Tokens among processes: each service asks for them by itself, and finds the auth service over HTTP.
import { startEmbedded, type EmbeddedServer } from '@ensemble/postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { found } from '../scripts/demo/client.ts'
import { ADMIN, callAs, ISSUER } from './auth-support.ts'
import { openFolder, removeFolder, startTestCluster, type TestCluster } from './cluster-support.ts'

describe('processes with tokens', () => {
  let directory: string
  let server: EmbeddedServer
  let cluster: TestCluster
  beforeAll(async () => {
    directory = await openFolder()
    server = await startEmbedded({ directory, durable: false })
    cluster = await startTestCluster({
      bus: 'postgres',
      data: directory,
      databaseUrl: server.adminUrl,
      env: { ...process.env, AUTH_ISSUER: ISSUER, AUTH_ADMIN_SECRET: ADMIN.client_secret },
    })
  })
  afterAll(async () => {
    await cluster.stop()
    await server.stop()
    await removeFolder(directory)
  })

  const calls = [
    '/v2/user/list',
    '/v2/order/list',
    '/v2/payment/list',
    '/v1/saga',
    '/v1/notification/outbox',
    '/v1/audit/list',
  ]

  test('given a token, when revoked, then the gateway refuses it, and so does a service behind it', async () => {
    const { ask, tokens } = callAs(cluster.url)
    const { body } = await tokens('/oauth/token', { ...ADMIN, grant_type: 'client_credentials' })
    const token = String(body['access_token'])
    for (const path of calls) {
      expect([path, (await ask(path)).status, (await ask(path, { token })).status]).toEqual([path, 401, 200])
    }
    const order = callAs(cluster.children.find(({ service }) => service === 'order')?.url ?? '')
    expect([
      (await order.ask('/v2/order/list')).status,
      (await order.ask('/v2/order/list', { token })).status,
    ]).toEqual([401, 200])
    await tokens('/oauth/revoke', { ...ADMIN, token })
    for (const refuses of [ask, order.ask]) {
      await found('the token is refused', async () => {
        const { status } = await refuses('/v2/order/list', { token })
        return status === 401 ? true : undefined
      })
    }
  })
})
