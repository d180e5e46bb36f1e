// A history storage that is away: sagas begin and end all the same, history waits, and nothing is lost.
import { readEnvironment, type HistoryPlace } from '@ensemble/service'
import { ORDER_STATUS } from '@ensemble/service-contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { gateTo, type Gate } from './gate.ts'
import { AMOUNT, orderBody, registered } from './people.ts'
import { call, startTestSystem, type TestSystem } from './support.ts'

const PAYMENT = { payment_total: AMOUNT, payment_status: 'Paid', bank_account_number: '1234567890' }
const BACK_WITHIN_MS = 30_000

const THERE: readonly [HistoryPlace['storage'], string][] = [
  ['mongo', 'HISTORY_MONGO_URL'],
  ['opensearch', 'HISTORY_OPENSEARCH_URL'],
  ['elasticsearch', 'HISTORY_ELASTICSEARCH_URL'],
  ['s3', 'HISTORY_S3_ENDPOINT'],
]

describe.each(THERE)('%s', (storage, variable) => {
  describe.skipIf(process.env[variable] === undefined)('away', () => {
    scenes(storage, variable)
  })
})

/** The storage's settings with a shut gate before it, and names of its own there. */
async function behindGate(storage: HistoryPlace['storage'], variable: string) {
  const url = new URL(process.env[variable] ?? '')
  const gate = await gateTo(Number(url.port))
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
  return { gate, history: readEnvironment({ env, services: [] }).history }
}

/** Of the order, in an entry of its document. */
function statusIn(entry: unknown): string | undefined {
  return z.object({ data: z.object({ result: z.object({ id_order_status: z.string() }) }) }).safeParse(entry)
    .data?.data.result.id_order_status
}

/** An order that is complete before it hears of its payment says nothing in between. */
const WHOLE = {
  complete: true,
  standing: 'ended',
  status: 'success',
  first: ORDER_STATUS.Pending,
  last: ORDER_STATUS.Complete,
}

function scenes(storage: HistoryPlace['storage'], variable: string): void {
  let system: TestSystem
  let gate: Gate
  beforeAll(async () => {
    const shut = await behindGate(storage, variable)
    gate = shut.gate
    system = await startTestSystem({ name: `away ${storage}`, environment: { history: shut.history } })
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
      .toBe(ORDER_STATUS.Complete)
    return order
  }
  const toldOf = async (order: string) => {
    const timeline = await historyOf(`/v1/saga/order.place/${order}`)
    const document = await historyOf(`/v1/logger/order/${order}`)
    const entries = document.body['history'] as unknown[] | undefined
    const { complete, standing } = timeline.body
    const said = entries?.map((entry) => statusIn(entry)) ?? []
    return { complete, standing, status: document.body['status'], first: said[0], last: said.at(-1) }
  }

  test('given it is away, then sagas end, reads say 503, and everything is there once it is back', async () => {
    const user = await registered(system.url, `away.${storage}`)
    const first = await placed(user, 'first')
    expect((await historyOf('/v1/health/ready')).status).toBe(503)
    expect(await historyOf(`/v1/logger/order/${first}`)).toMatchObject({ status: 503 })
    expect((await call(`${system.url}/v1/order/${first}`)).status).toBe(503)
    await gate.open()
    await expect.poll(() => toldOf(first), { timeout: BACK_WITHIN_MS }).toEqual(WHOLE)
    await expect.poll(async () => (await historyOf('/v1/health/ready')).status, { timeout: 10_000 }).toBe(200)

    await gate.shut()
    const orders: string[] = []
    for (const number of ['second', 'third', 'fourth']) orders.push(await placed(user, number))
    await gate.open()
    for (const order of orders)
      await expect.poll(() => toldOf(order), { timeout: BACK_WITHIN_MS }).toEqual(WHOLE)
    const found = await call(
      `${system.url}/v1/logger?status=success&saga=order.place/${first}&action=payment`,
    )
    expect(found).toMatchObject({ status: 200, body: { meta: { total: 1 } } })
    const letters = await system.services
      .get('history')
      ?.database.query('SELECT count(id) AS total FROM ensemble_dead_letter')
    expect(Number(letters?.rows[0]?.['total'])).toBe(0)
  })
}
