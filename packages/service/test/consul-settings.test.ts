// The first read of settings, while Consul may be away.
import { expect, test } from 'vitest'
import { readEnvironment } from '../src/config.ts'
import { ConsulError } from '../src/consul/client.ts'
import { settingsIn } from '../src/consul/settings.ts'

const away = new ConsulError('CONSUL_AWAY', 'Consul at http://127.0.0.1:8500 does not answer')
const refused = new ConsulError('CONSUL_REFUSED', 'Consul answered 403 to GET /v1/kv/shop/')

/** Each read fails with the next error; then there is one setting, and the read after that blocks. */
function starting(...errors: readonly Error[]) {
  const slept: number[] = []
  let reads = 0
  const started = settingsIn({
    consul: {
      values: async (_prefix, { signal }) => {
        const error = errors[reads]
        reads += 1
        if (error !== undefined) throw error
        if (reads > errors.length + 1)
          await new Promise((resolve) => {
            signal.addEventListener('abort', resolve, { once: true })
          })
        return { index: 4, value: new Map([['READY_LAG_MAX', '5']]) }
      },
    },
    keyPrefix: 'shop/',
    service: 'gateway',
    env: {},
    read: (env) => readEnvironment({ env, services: [] }),
    clock: { now: () => 0, sleep: async (ms) => void slept.push(ms) },
    ids: { chance: () => 0 },
    say: () => undefined,
  })
  return { started, slept, reads: () => reads }
}

test('a start waits for an agent that starts too', async () => {
  const { started, slept } = starting(away, away)
  const live = await started
  expect(live.environment.lagCountMax).toBe(5)
  expect(slept.slice(0, 2)).toEqual([125, 250])
  await live.stop()
})

test('a start gives up after six tries', async () => {
  const { started, slept, reads } = starting(away, away, away, away, away, away)
  await expect(started).rejects.toBe(away)
  expect([reads(), slept]).toEqual([6, [125, 250, 500, 1_000, 2_000]])
})

test('a start that is refused does not ask again', async () => {
  const { started, reads } = starting(refused)
  await expect(started).rejects.toBe(refused)
  expect(reads()).toBe(1)
})
