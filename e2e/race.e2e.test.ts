// A customer pays while somebody cancels, at the same instant, 200 times in each pattern: whoever comes first wins, and
// no money is lost or kept.
import { PATTERNS, type Pattern } from '@ensemble/core'
import { ORDER_STATUS, PAYMENT_STATUS } from '@ensemble/service-contracts'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { found, must } from '../scripts/demo/client.ts'
import { AMOUNT, orderBody, registered } from './people.ts'
import { call, startTestSystem, type TestSystem } from './support.ts'
import { tablesOf, type Tables } from './tables.ts'

const COUNT = 200
const LANES = 8
const PART = 10_000
/**
 * A wish travels over the bus and a payment does not. So the wish gets a head start that grows when the payment came
 * first and shrinks when it did not: the two meet in the payment's row, on a machine of any speed.
 */
const HEAD_START_STEP_MS = 10

interface Raced {
  readonly order: string
  /** Money that came in before the race. */
  readonly part: number
  readonly paid: number
  readonly cancelled: number
}

const Standing = z.object({ uuid: z.string(), status: z.string() })
const Payment = z.object({
  uuid_order: z.string(),
  status: z.string(),
  due: z.coerce.number(),
  received: z.coerce.number(),
  changed: z.coerce.number(),
  refunded: z.coerce.number(),
})
const Sums = z.partialRecord(z.enum(['in', 'change', 'refund']), z.coerce.number())

describe('cancel against payment', () => {
  let system: TestSystem
  let tables: Tables
  let headStartMs = 0
  beforeAll(async () => {
    system = await startTestSystem({ name: 'race' })
    tables = await tablesOf(system)
  })
  afterAll(async () => {
    await tables.close()
    await system.end()
  })

  test.each(PATTERNS)('%s: Complete and paid, or Failed and refunded; both occur', async (pattern) => {
    headStartMs = 0
    const orders = await placed(pattern)
    const raced = await inLanes(orders, (order, index) => race(order, index))
    await ended()

    const statusOf = await ordersNow()
    const paymentOf = await paymentsNow()
    const wrong = raced.filter((one) => !isRight(one, statusOf.get(one.order), paymentOf.get(one.order)))
    expect(wrong).toEqual([])
    const statuses = raced.map(({ order }) => statusOf.get(order))
    expect(new Set(statuses)).toEqual(new Set([ORDER_STATUS.Complete, ORDER_STATUS.Failed]))
    await moneyAddsUp()
    await refusalIsTold(raced, statusOf)
  })

  async function placed(pattern: Pattern): Promise<readonly string[]> {
    const user = await registered(system.url, `race.${pattern}`)
    const numbers = Array.from({ length: COUNT }, (_, index) => `${pattern}/${index}`)
    const orders = await inLanes(numbers, async (number) => {
      const asking = {
        method: 'POST',
        body: orderBody(user, number),
        headers: { 'saga-pattern': pattern },
      } as const
      const body = await must(`${system.url}/v1/order`, asking)
      return z.object({ uuid: z.string() }).parse(body).uuid
    })
    await found('200 orders that wait for money', async () => {
      const [row] = await tables.rows(
        'history',
        "SELECT count(*) AS count FROM history.tb_saga WHERE standing = 'waiting'",
      )
      return Number(row?.['count']) === COUNT ? true : undefined
    })
    return orders
  }

  async function race(order: string, index: number): Promise<Raced> {
    const put = async (amount: number) =>
      await call(`${system.url}/v1/payment/${order}`, { method: 'PUT', body: { payment_total: amount } })
    const part = index % 3 === 0 ? PART : 0
    if (part > 0) await put(part)
    const [paid, cancelled] = await Promise.all([
      sleep(headStartMs).then(() => put(AMOUNT - part)),
      call(`${system.url}/v1/order/${order}`, { method: 'DELETE' }),
    ])
    headStartMs = Math.max(0, headStartMs + (paid.status === 200 ? 1 : -1) * HEAD_START_STEP_MS)
    return { order, part, paid: paid.status, cancelled: cancelled.status }
  }

  async function ended(): Promise<void> {
    await found('the end of all sagas', async () => {
      const rows = await tables.rows(
        'history',
        "SELECT id FROM history.tb_saga WHERE status = 'running' LIMIT 1",
      )
      return rows.length === 0 ? true : undefined
    })
    await tables.quiet()
  }

  async function ordersNow(): Promise<ReadonlyMap<string, string>> {
    const rows = await tables.rows('order', 'SELECT uuid, id_order_status AS status FROM "order".tb_orders')
    return new Map(
      z
        .array(Standing)
        .parse(rows)
        .map(({ uuid, status }) => [uuid, status]),
    )
  }

  async function paymentsNow(): Promise<ReadonlyMap<string, z.infer<typeof Payment>>> {
    const rows = await tables.rows(
      'payment',
      `SELECT uuid_order, id_payment_status AS status, payment_order AS due, payment_total AS received,
        change_total AS changed, refund_total AS refunded FROM payment.tb_payment`,
    )
    return new Map(
      z
        .array(Payment)
        .parse(rows)
        .map((row) => [row.uuid_order, row]),
    )
  }

  /** in = change + refund + totals of Complete orders; nothing is open any more. */
  async function moneyAddsUp(): Promise<void> {
    const entries = await tables.rows(
      'payment',
      'SELECT kind, sum(amount) AS amount FROM payment.tb_payment_entry GROUP BY kind',
    )
    const sums = Sums.parse(Object.fromEntries(entries.map(({ kind, amount }) => [kind, amount])))
    const complete = [...(await ordersNow())].filter(([, status]) => status === ORDER_STATUS.Complete)
    const kept = complete.length * AMOUNT
    expect(sums['in'] ?? 0).toBe((sums['change'] ?? 0) + (sums['refund'] ?? 0) + kept)
    expect(sums['refund'] ?? 0).toBeGreaterThan(0)
  }

  /** An order that completes although its cancel was taken: history says why. */
  async function refusalIsTold(
    raced: readonly Raced[],
    statusOf: ReadonlyMap<string, string>,
  ): Promise<void> {
    const one = raced.find(
      ({ order, cancelled }) => cancelled === 200 && statusOf.get(order) === ORDER_STATUS.Complete,
    )
    expect(one).toBeDefined()
    const timeline = await call(`${system.url}/v1/saga/order.place/${one?.order ?? ''}`)
    expect(timeline.body['notes']).toContainEqual(expect.objectContaining({ type: 'cancel-refused' }))
  }
})

function isRight(
  { part, paid, cancelled }: Raced,
  order?: string,
  payment?: z.infer<typeof Payment>,
): boolean {
  if (payment === undefined || ![200, 409].includes(cancelled)) return false
  const { due, received, changed, refunded } = payment
  if (order === ORDER_STATUS.Complete) {
    const isPaid =
      payment.status === PAYMENT_STATUS.Paid && received === due && changed === 0 && refunded === 0
    return isPaid && paid === 200
  }
  const isEmpty = payment.status === PAYMENT_STATUS.Failed && received === part && refunded === part
  return order === ORDER_STATUS.Failed && isEmpty && paid === 409 && cancelled === 200
}

/** Works on everything, some at a time; results in the order of the items. */
async function inLanes<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>()
  const left = items.map((item, index) => ({ item, index }))
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      results.set(next.index, await work(next.item, next.index))
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return [...results].sort(([left_], [right]) => left_ - right).map(([, result]) => result)
}
