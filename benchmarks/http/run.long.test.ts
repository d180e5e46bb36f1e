import { expect, test } from 'vitest'
import { httpOptions } from './options.ts'
import { runHttp } from './run.ts'
import { runSurge } from './surge.ts'

test.each(['wait', 'poll'])('customers of the whole system who %s get complete orders', async (look) => {
  const options = httpOptions(['--seconds', '1', '--concurrency', '4', '--warm-up', '0', '--look', look])
  const result = await runHttp(options, () => undefined)
  expect(result).toMatchObject({ look, invariants: 'hold' })
  expect(result['orders']).toBeGreaterThan(0)
})

test('given three times the customers that are served, whoever was taken gets a complete order', async () => {
  const options = httpOptions(['--seconds', '2', '--concurrency', '16', '--warm-up', '0', '--surge', '3'])
  const result = await runSurge(options, () => undefined)
  expect(result).toMatchObject({ surge: 3, invariants: 'hold' })
  expect(result['served']).toBeGreaterThan(0)
})
