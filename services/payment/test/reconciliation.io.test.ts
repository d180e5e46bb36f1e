// Scenes about looking for late payments on a real server: whose turn it is, a due date that nobody kept, and what
// cannot be healed.
import { systemClock } from '@ensemble/runtime'
import { startAlone, type ServiceAlone } from '@ensemble/service/testing/system'
import { payment as contract, PAYMENT_STATUS } from '@ensemble/service-contracts'
import { afterEach, expect, test } from 'vitest'
import { payment } from '../main.ts'
import { reconcile } from '../reconcile.ts'
import { RECONCILE_COUNT_MAX, reconciliations } from '../reconciliation-store.ts'
import { ORDER_ID, preparing } from './support.ts'

let service: ServiceAlone
afterEach(() => service.end())

/** Its own looks are too rare to meet a test. */
async function started(): Promise<void> {
  service = await startAlone(payment, { config: { paymentReconcileEvery: '20d' } })
  await expect.poll(lastLook).toMatchObject({ late: 0, endedAt: expect.any(Number) })
}

const lastLook = async () => await reconciliations(service.database).last()
const forget = async () => await service.database.query('DELETE FROM tb_payment_reconciliation')

async function look(graceMs = 0) {
  await forget()
  const said: string[] = []
  const store = {
    ...reconciliations(service.database),
    late: () => reconciliations(service.database).late(graceMs),
  }
  const say = (line: string): void => void said.push(line)
  const tally = await reconcile({ host: service.host, store, clock: systemClock, everyMs: 60_000, say })
  return { tally, said }
}

test('given two instances, when both look at once, then one has the turn, and again after the interval', async () => {
  await started()
  await forget()
  const store = reconciliations(service.database)
  const turns = await Promise.all([store.begin(60_000), store.begin(60_000)])
  expect(turns.filter(Boolean)).toHaveLength(1)
  expect([await store.begin(60_000), await store.begin(0)]).toEqual([false, true])
})

test('given its timers are lost, when a due date has passed, then the payment is closed and that is told', async () => {
  await started()
  await service.host.execute(contract.prepare, preparing)
  await service.database.query('DELETE FROM ensemble_scheduled')
  await service.database.query('UPDATE tb_payment SET due_date = now()')
  await service.database.query('UPDATE tb_payment_watch SET check_at = now()')
  expect((await look()).tally).toEqual({ late: 1, sent: 0, closed: 1, unhealed: 0 })
  const { body } = await service.get(`/v2/payment/get/${ORDER_ID}`)
  expect(body).toMatchObject({ id_payment_status: PAYMENT_STATUS.Failed })
})

test('given a payment of no saga, when its order says nothing, then it is counted as not healed', async () => {
  await started()
  await service.host.execute(contract.prepare, { ...preparing, amountDue: 0 })
  const { tally, said } = await look()
  expect(tally).toEqual({ late: 1, sent: 0, closed: 0, unhealed: 1 })
  expect(said).toEqual(['payments: 1 late; 0 answers sent again, 0 closed, 1 not healed'])
  expect(await service.get('/v2/payment/reconciliation')).toMatchObject({
    status: 200,
    body: { late: 1, sent_again: 0, closed: 0, unhealed: 1 },
  })
})

test('given more late ones than are taken at a time, when looked, then all are, each once', async () => {
  await started()
  const count = RECONCILE_COUNT_MAX + 1
  await service.database.query(
    `INSERT INTO tb_payment_watch (uuid, check_at)
     SELECT gen_random_uuid(), now() - interval '1 hour' FROM generate_series(1, ${count})`,
  )
  const store = reconciliations(service.database)
  const watched = async () => {
    const late = "SELECT uuid FROM tb_payment_watch WHERE check_at < now() - interval '1 minute'"
    return (await service.database.query(late)).rows.length
  }
  await Promise.all([store.late(60_000), store.late(60_000)])
  expect(await watched()).toBe(0)
})
