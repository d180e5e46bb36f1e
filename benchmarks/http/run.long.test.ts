import { expect, test } from 'vitest'
import { httpOptions } from './options.ts'
import { runHttp } from './run.ts'

test.each(['wait', 'poll'])('customers of the whole system who %s get complete orders', async (look) => {
  const options = httpOptions(['--seconds', '1', '--concurrency', '4', '--warm-up', '0', '--look', look])
  const result = await runHttp(options, () => undefined)
  expect(result).toMatchObject({ look, invariants: 'hold' })
  expect(result['orders']).toBeGreaterThan(0)
})
