// A history storage that is away: sagas begin and end all the same, history waits, and nothing is lost.
import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { readEnvironment, type HistoryPlace } from '@ensemble/service'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AMOUNT, orderBody, registered } from './people.ts'
import { call, startTestSystem, type TestSystem } from './support.ts'

const PAYMENT = { payment_total: AMOUNT, payment_status: 'Paid', bank_account_number: '1234567890' }
const BACK_WITHIN_MS = 30_000

/** A way to a server on loopback that can be shut: whoever uses it is cut off, and nobody gets in. */
interface Gate {
  readonly port: number
  shut(): Promise<void>
  open(): Promise<void>
}

async function gateTo(port: number): Promise<Gate> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const own = address !== null && typeof address === 'object' ? address.port : 0
  return {
    port: own,
    shut: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      if (server.listening) await once(server, 'close')
    },
    open: async () => {
      server.listen(own, '127.0.0.1')
      await once(server, 'listening')
    },
  }
}

const THERE: readonly [HistoryPlace['storage'], string][] = [
  ['mongo', 'HISTORY_MONGO_URL'],
  ['opensearch', 'HISTORY_OPENSEARCH_URL'],
  ['elasticsearch', 'HISTORY_ELASTICSEARCH_URL'],
  ['s3', 'HISTORY_S3_ENDPOINT'],
]

describe.each(THERE.filter(([, variable]) => process.env[variable] !== undefined))(
  '%s',
  (storage, variable) => {
    let system: TestSystem
    let gate: Gate
    beforeAll(async () => {
      const url = new URL(process.env[variable] ?? '')
      gate = await gateTo(Number(url.port))
      await gate.shut()
      url.port = String(gate.port)
      const own = `e2e-${crypto.randomUUID().slice(0, 8)}`
      const env = {
        ...process.env,
        HISTORY_STORAGE: storage,
        HISTORY_MONGO_DATABASE: own,
        HISTORY_INDEX_PREFIX: own,
        HISTORY_S3_PREFIX: `${own}/`,
        [variable]: url.href.replace(/\/$/, ''),
      }
      const { history } = readEnvironment({ env, services: [] })
      system = await startTestSystem({ name: `away ${storage}`, environment: { history } })
    })
    afterAll(async () => {
      await system?.end()
      await gate?.shut()
    })

    const historyOf = async (path: string) => {
      const answer = await system.services.get('history')?.server.inject({ method: 'GET', url: path })
      return { status: answer?.statusCode ?? 0, body: answer?.json<Record<string, unknown>>() ?? {} }
    }
    const placed = async (user: string, number: string): Promise<string> => {
      const { url } = system
      const answer = await call(`${url}/v1/order`, { method: 'POST', body: orderBody(user, number) })
      const order = String(answer.body['uuid'])
      const paid = await call(`${url}/v1/payment/${order}`, { method: 'PUT', body: PAYMENT })
      expect(paid.status).toBe(200)
      await expect
        .poll(async () => (await call(`${url}/v2/order/get/${order}`)).body['id_order_status'], {
          timeout: 20_000,
        })
        .toBe('545347536856023041')
      return order
    }
    const toldOf = async (order: string) => {
      const timeline = await historyOf(`/v1/saga/order.place/${order}`)
      const document = await historyOf(`/v1/logger/order/${order}`)
      const entries = document.body['history'] as unknown[] | undefined
      const { complete, standing } = timeline.body
      return { complete, standing, status: document.body['status'], entries: entries?.length }
    }
    const WHOLE = { complete: true, standing: 'ended', status: 'success', entries: 3 }

    test('given it is away, then sagas end, reads say 503, and everything is there once it is back', async () => {
      const user = await registered(system.url, `away.${storage}`)
      const first = await placed(user, 'first')
      expect((await historyOf('/v1/health/ready')).status).toBe(503)
      expect(await historyOf(`/v1/logger/order/${first}`)).toMatchObject({ status: 503 })
      expect((await call(`${system.url}/v1/order/${first}`)).status).toBe(503)
      await gate.open()
      await expect.poll(() => toldOf(first), { timeout: BACK_WITHIN_MS }).toEqual(WHOLE)
      await expect
        .poll(async () => (await historyOf('/v1/health/ready')).status, { timeout: 10_000 })
        .toBe(200)

      await gate.shut()
      const orders: string[] = []
      for (const number of ['second', 'third', 'fourth']) orders.push(await placed(user, number))
      await gate.open()
      for (const order of orders)
        await expect.poll(() => toldOf(order), { timeout: BACK_WITHIN_MS }).toEqual(WHOLE)
      const letters = await system.services
        .get('history')
        ?.database.query('SELECT count(id) AS total FROM ensemble_dead_letter')
      expect(Number(letters?.rows[0]?.['total'])).toBe(0)
    })
  },
)
