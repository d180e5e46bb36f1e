// Scenes about a read endpoint that is far behind: reads of the API show what it has, decisions see what was written.
import { freshDatabase, type TestDatabase } from '@ensemble/postgres/testing'
import { migrateService } from '@ensemble/service'
import { startAlone, type ServiceAlone } from '@ensemble/service/testing/system'
import { payment as contract } from '@ensemble/service-contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { payment } from '../main.ts'
import { ORDER_ID, preparing } from './support.ts'

/** It has the tables, and nothing in them yet. */
let behind: TestDatabase
let service: ServiceAlone

beforeAll(async () => {
  behind = await freshDatabase('payment-reads')
  await migrateService({ url: behind.url, schema: 'payment' }, payment)
  service = await startAlone(payment, { readUrl: behind.url })
})
afterAll(async () => {
  await service.end()
  await behind.drop()
})

test('given a payment that reads do not show yet, when it is paid, then it is paid', async () => {
  await service.host.execute(contract.prepare, preparing)
  const reading = await service.get(`/v2/payment/get/${ORDER_ID}`)
  const paying = await service.server.inject({
    method: 'PUT',
    url: `/v2/payment/${ORDER_ID}`,
    payload: { payment_total: 100_000 },
  })
  expect([reading.status, paying.statusCode]).toEqual([404, 200])
})

test('given the read endpoint is gone, when asked whether it is ready, then it says that it is not', async () => {
  const ready = async () => {
    const { status, body } = await service.get<{ readonly checks: unknown }>('/health/ready')
    return { status, checks: body.checks }
  }
  const checks = (reads: string) => [
    { name: 'database', status: 'OK' },
    { name: 'database-reads', status: reads },
    { name: 'bus', status: 'OK' },
    { name: 'lag', status: 'OK' },
  ]
  expect(await ready()).toEqual({ status: 200, checks: checks('OK') })
  await behind.drop()
  expect(await ready()).toEqual({ status: 503, checks: checks('DOWN') })
})
