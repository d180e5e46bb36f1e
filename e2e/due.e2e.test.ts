// A payment that nobody makes: the order fails soon after the due date, and money that comes later is refused.
import { PATTERNS } from '@ensemble/core'
import { ORDER_STATUS, PAYMENT_STATUS } from '@ensemble/service-contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { orderBody, registered } from './people.ts'
import { call, startTestSystem, type TestSystem } from './support.ts'

const FAILED_WITHIN_MS = 10_000
const PAYMENT = { payment_total: 100_000, payment_status: 'Paid', bank_account_number: '1234567890' }

describe('PAYMENT_DUE_IN=3s', () => {
  let system: TestSystem
  beforeAll(async () => {
    system = await startTestSystem({ name: 'due in 3 s', environment: { paymentDueIn: '3s' } })
  })
  afterAll(async () => {
    await system.end()
  })

  test.concurrent.each(PATTERNS)(
    '%s: unpaid, the order is Failed within 10 s; paying is 409',
    async (pattern) => {
      const { url } = system
      const user = await registered(url, `due.${pattern}`)
      const begun = Date.now()
      const placed = await call(`${url}/v1/order`, {
        method: 'POST',
        body: orderBody(user, 'due'),
        headers: { 'saga-pattern': pattern, prefer: 'wait=12' },
      })
      const passedMs = Date.now() - begun

      const order = String(placed.body['uuid'])
      expect(placed.body['saga']).toMatchObject({
        status: 'compensated',
        data: { because: { step: 'collectPayment', status: 'rejected', reason: 'expired' } },
      })
      expect(passedMs).toBeGreaterThanOrEqual(3_000)
      expect(passedMs).toBeLessThan(FAILED_WITHIN_MS)
      expect((await call(`${url}/v2/order/get/${order}`)).body).toMatchObject({
        id_order_status: ORDER_STATUS.Failed,
      })
      const paid = await call(`${url}/v1/payment/${order}`, { method: 'PUT', body: PAYMENT })
      expect(paid).toMatchObject({ status: 409, body: { code: 'payment-expired' } })
      expect((await call(`${url}/v2/payment/get/${order}`)).body).toMatchObject({
        id_payment_status: PAYMENT_STATUS.Failed,
        payment_total: 0,
      })
    },
  )
})
