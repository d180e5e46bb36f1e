// A process that was stopped in a transaction kept its locks for 15 s, while those who waited for them gave up after
// 10 s: they failed, and tried again, before the server ended its session. Found by stopping one at each crash point.
import { expect, test } from 'vitest'
import { SESSION_LIMITS } from '../src/database/settings.ts'

/** In which a second instance has to go on, its own work included. */
const GO_ON_MS_MAX = 10_000

test('locks of a stopped process are free before whoever waits for them gives up, in time for others', () => {
  const { idleInTransactionTimeoutMs, lockTimeoutMs } = SESSION_LIMITS
  expect(idleInTransactionTimeoutMs).toBeLessThan(lockTimeoutMs)
  expect(idleInTransactionTimeoutMs).toBeLessThanOrEqual(GO_ON_MS_MAX / 2)
})
