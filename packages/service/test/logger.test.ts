// What the terminal is told while a database is away: one line for each service, and one when it is back.
import { KafkaError } from '@ensemble/kafka'
import { DatabaseError } from '@ensemble/postgres'
import { describe, expect, test } from 'vitest'
import { errorLogger, sayFailures } from '../src/logger.ts'

/** Time goes on only when the scene says so. */
function advancedClock() {
  let now = 0
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>()
  return {
    clock: {
      now: () => now,
      sleep: async (ms: number, signal: AbortSignal) => {
        const { promise, resolve } = Promise.withResolvers<void>()
        const sleeper = { at: now + ms, wake: resolve }
        sleepers.add(sleeper)
        signal.addEventListener('abort', () => resolve())
        await promise
        sleepers.delete(sleeper)
      },
    },
    advance: async (ms: number) => {
      now += ms
      for (const { at, wake } of sleepers) if (at <= now) wake()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

function scene() {
  const { clock, advance } = advancedClock()
  const said: string[] = []
  const failures = sayFailures((line) => said.push(line), clock)
  const state = { isUp: false }
  const ping = async (): Promise<void> => {
    if (!state.isUp) throw new Error('away')
  }
  for (const service of ['order', 'user']) failures.watch(service, ping)
  return { failures, advance, said, state }
}

const away = (text = 'connect ECONNREFUSED 127.0.0.1:5432') => new DatabaseError('CONNECTION', text)

test('a failure is said with the id of its request, and once a minute whichever request meets it', async () => {
  const { failures, advance, said } = scene()
  const logger = errorLogger('history', failures)
  const fail = (reqId: string): void =>
    logger.child({ reqId }).error({ err: new Error('broken') }, 'internal-error')
  fail('first')
  fail('second')
  await advance(60_000)
  fail('third')
  logger.error(new Error('of no request'))
  expect(said).toEqual([
    'history: internal-error: broken [request first]',
    'history: internal-error: broken [request third]',
    'history: request: of no request',
  ])
  await failures.stop()
})

test('a bus that is away is named as such', async () => {
  const { failures, advance, said, state } = scene()
  const error = new KafkaError('CONNECTION', 'cannot read: connection refused')
  failures.hear({ service: 'order', about: 'receive', error })
  state.isUp = true
  await advance(1_000)
  expect(said).toEqual([
    'order: Kafka is away; nothing more until it is back (receive: CONNECTION cannot read: connection refused)',
    'order: Kafka is back',
  ])
  await failures.stop()
})

describe('while the database is away', () => {
  test('each service says so once, whatever fails how often, and once that it is back', async () => {
    const { failures, advance, said, state } = scene()
    for (let round = 0; round < 20; round += 1) {
      for (const service of ['order', 'user']) {
        failures.hear({ service, about: 'receive', error: away() })
        failures.hear({ service, about: 'wake', error: away(`lost ${round}`) })
        failures.hear({ service, about: 'unavailable', error: new Error('late', { cause: away() }) })
      }
      await advance(1_000)
    }
    const why = 'nothing more until it is back (receive: CONNECTION connect ECONNREFUSED 127.0.0.1:5432)'
    expect(said.splice(0)).toEqual([
      `order: the database is away; ${why}`,
      `user: the database is away; ${why}`,
    ])

    state.isUp = true
    await advance(1_000)
    expect(said.splice(0)).toEqual(['order: the database is back', 'user: the database is back'])

    failures.hear({ service: 'user', about: 'wake', error: away('again') })
    expect(said).toEqual([
      'user: the database is away; nothing more until it is back (wake: CONNECTION again)',
    ])
    await failures.stop()
  })

  test('it is not back before a second passed without a failure', async () => {
    const { failures, advance, said, state } = scene()
    failures.hear({ service: 'order', about: 'receive', error: away() })
    state.isUp = true
    failures.hear({ service: 'order', about: 'receive', error: away() })
    await advance(500)
    failures.hear({ service: 'order', about: 'receive', error: away() })
    await advance(500)
    expect(said).toHaveLength(1)
    await advance(1_000)
    expect(said.slice(1)).toEqual(['order: the database is back'])
    await failures.stop()
  })

  test('what does not come from that is said', async () => {
    const { failures, said } = scene()
    failures.hear({ service: 'order', about: 'receive', error: away() })
    failures.hear({ service: 'order', about: 'perform', error: new TypeError('a handler broke') })
    expect(said[1]).toBe('order: perform: a handler broke')
    await failures.stop()
  })
})

describe('any other failure', () => {
  test('is said once a minute, however many services alternate', async () => {
    const { failures, advance, said } = scene()
    for (let second = 0; second < 60; second += 1) {
      for (const service of ['order', 'user', 'unwatched'])
        failures.hear({ service, about: 'receive', error: new Error('broken') })
      await advance(1_000)
    }
    const lines = ['order: receive: broken', 'user: receive: broken', 'unwatched: receive: broken']
    expect(said).toEqual(lines)
    failures.hear({ service: 'order', about: 'receive', error: new Error('broken') })
    expect(said).toEqual([...lines, 'order: receive: broken'])
    await failures.stop()
  })
})
