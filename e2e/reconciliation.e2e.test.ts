// A message between payment and order that the bus really loses: the order waits for it for ever, the payment's
// reconciliation finds the payment, and the engine sends the stored answer again. No clock is waited for but polling.
import { SERVICES } from '@ensemble/all-in-one'
import { PATTERNS, type Pattern } from '@ensemble/core'
import { logAdmin, openDatabase, type Database } from '@ensemble/postgres'
import { freshDatabase } from '@ensemble/postgres/testing'
import { makePlaces, startSystem, type Places, type RunningSystem } from '@ensemble/service'
import { ORDER_STATUS } from '@ensemble/service-contracts'
import { expect, test } from 'vitest'
import { AMOUNT, orderBody, registered } from './people.ts'
import { call } from './support.ts'

const WAIT = { timeout: 15_000, interval: 50 }
const NAMES = SERVICES.map(({ name }) => name)
/** Whom the answer of the payment is for, so who must not have read it. */
const ASKER = { choreography: 'order', orchestration: 'orchestrator' }
/** Where the order stays: an orchestrated one was told of the payment, but not to complete. */
const STAYS = { choreography: ORDER_STATUS.Process, orchestration: ORDER_STATUS.Waiting }

interface Given {
  readonly places: Places
  readonly pattern: Pattern
}

/** Some services of the system, each with a host of its own on the same bus. */
async function some(
  names: readonly string[],
  { places, pattern }: Given,
  every: '1h' | '500ms',
): Promise<RunningSystem> {
  return await startSystem({
    modules: SERVICES.filter(({ name }) => names.includes(name)),
    places,
    config: {
      pattern,
      paymentDueIn: '1d',
      paymentReconcileEvery: every,
      payLaterLimit: 1,
      engine: { pollMs: 20 },
      auth: undefined,
    },
  })
}

/** What the group has yet to read of payments' events is gone, as after a log that was restored from an older copy. */
async function lose(bus: Database, group: string): Promise<number> {
  const { rows } = await bus.query(
    `DELETE FROM bus.log_entry AS e USING bus.log_cursor AS c
     WHERE c.consumer_group = $1 AND c.topic = 'payment.events' AND e.topic = c.topic
       AND e.partition = c.partition AND e.end_offset > c.next_offset
     RETURNING e.messages`,
    [group],
  )
  await bus.query("UPDATE bus.log_head SET start_offset = next_offset WHERE topic = 'payment.events'")
  await logAdmin(bus).forward(group)
  return rows.filter(({ messages }) => String(messages).includes('payment.collected')).length
}

test.each(PATTERNS)('%s: a lost answer of a payment reaches its order after a look', async (pattern) => {
  await using stack = new AsyncDisposableStack()
  const { url: adminUrl, drop } = await freshDatabase(`lost answer ${pattern}`)
  stack.defer(drop)
  const given = { places: await makePlaces({ services: NAMES, adminUrl, isSeparate: false }), pattern }
  const asker = ASKER[pattern]
  const bus = await openDatabase({ name: 'bus', url: adminUrl })
  stack.defer(() => bus.close())
  const start = async (names: readonly string[], every: '1h' | '500ms'): Promise<RunningSystem> => {
    const system = await some(names, given, every)
    stack.defer(() => system.stop())
    return system
  }
  const lag = async (group: string): Promise<number> => {
    const behind = await logAdmin(bus).lag(group)
    return behind.reduce((sum, { messageCount }) => sum + messageCount, 0)
  }
  const first = await start([asker], '1h')
  const others = await start(
    NAMES.filter((name) => name !== asker),
    '1h',
  )
  const url = await others.listen('gateway', { host: '127.0.0.1', port: 0 })
  const read = async (path: string, { services }: RunningSystem, service: string): Promise<unknown> => {
    const answer = await services.get(service)?.server.inject({ method: 'GET', url: path })
    return answer?.json<unknown>()
  }
  const user = await registered(url, `lost.${pattern}`)
  const placed = await call(`${url}/v2/order`, { method: 'POST', body: orderBody(user, 'lost') })
  const order = String(placed.body['uuid'])
  const collected = `SELECT id FROM payment.ensemble_operation WHERE status = 'deferred' AND id LIKE '%${order}%'`
  await expect.poll(async () => (await bus.query(collected)).rows.length, WAIT).toBe(1)

  // It has heard that the payment is prepared, which commits with the row above where both steps are done at once.
  await expect.poll(() => lag(asker), WAIT).toBe(0)
  await first.stop()
  const paying = { method: 'PUT' as const, body: { payment_total: AMOUNT } }
  expect((await call(`${url}/v2/payment/${order}`, paying)).status).toBe(200)
  for (const group of ['payment', 'notification', 'history'])
    await expect.poll(() => lag(group), WAIT).toBe(0)
  expect(await lose(bus, asker)).toBe(1)

  const second = await start([asker], '1h')
  await expect.poll(() => lag(asker), WAIT).toBe(0)
  const orders = asker === 'order' ? second : others
  const status = async () => await read(`/v2/order/get/${order}`, orders, 'order')
  expect(await status()).toMatchObject({ id_order_status: STAYS[pattern] })

  const looking = await start(['payment'], '500ms')
  await expect.poll(status, WAIT).toMatchObject({ id_order_status: ORDER_STATUS.Complete })
  const watched = 'SELECT uuid FROM payment.tb_payment_watch'
  await expect.poll(async () => (await bus.query(watched)).rows, WAIT).toEqual([])
  const nothing = { late: 0, sent_again: 0, closed: 0, unhealed: 0, ended_at: expect.any(String) }
  await expect.poll(() => read('/v2/payment/reconciliation', looking, 'payment'), WAIT).toMatchObject(nothing)
})
