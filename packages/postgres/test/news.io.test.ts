// Scenes: who is told of what is put on the log, and who need not be.
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Link } from '@ensemble/runtime'
import { sharedBus } from '../src/bus/shared.ts'
import { systemClock } from '../src/database/clock.ts'
import type { Clock } from '../src/database/clock.ts'
import { engineKit, timer } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'
import { until } from './support.ts'

let kit: Kit
beforeEach(async () => {
  kit = await engineKit('news')
})
afterEach(() => kit.end())

const QUICK = 10
/** Goes ten times as fast. */
const clock: Clock = {
  ...systemClock,
  now: () => QUICK * systemClock.now(),
  sleep: (ms, signal) => systemClock.sleep(ms / QUICK, signal),
}

/** Each as in a process of its own. */
const open = async (service: string, topics: readonly string[]): Promise<Link> =>
  await sharedBus({ clock }).connect({ service, database: await kit.open(), topics })

const send = (link: Link, ...messages: readonly ReturnType<typeof timer>[]) =>
  link.transaction(async () => ({ value: undefined, messages }))

test('tells the readers of the topic, in this process and in others', async () => {
  const here = await open('here', ['t'])
  const elsewhere = await open('elsewhere', ['t'])
  const deaf = await open('deaf', ['u'])
  const told = (link: Link) => new Promise((resolve) => link.onNews(resolve))
  deaf.onNews(() => expect.unreachable('news of another topic'))
  const all = Promise.all([told(here), told(elsewhere)])
  const [sent, others] = [timer('t', 'k', 'a'), timer('v', 'k', 'b')]
  await send(here, sent, others)
  // What it is knows the process that sent it.
  expect(await all).toEqual([[sent], undefined])
  for (const link of [here, elsewhere, deaf]) await link.close()
})

test('tells nobody of what nobody else can hear, and whoever joins of what was kept from him', async () => {
  const spy = new Client({ connectionString: kit.url })
  await spy.connect()
  const heard: string[] = []
  spy.on('notification', ({ payload = '' }) => void heard.push(payload.split(' ')[1] ?? 'here'))
  await spy.query('listen ensemble_bus')
  const one = await open('one', ['t'])
  const sendUntil = async (isDone: () => boolean): Promise<void> => {
    await until(async () => {
      await send(one, timer('t', 'k', 'a'))
      await spy.query('select pg_sleep(0.02)')
      return isDone()
    })
  }
  const isQuiet = (): boolean => {
    const last = heard.splice(0)
    return last.length > 0 && last.every((what) => what === 'here')
  }
  await sendUntil(isQuiet)

  const other = await open('other', ['t'])
  const news: unknown[] = []
  other.onNews((messages) => void news.push(messages))
  await sendUntil(() => news.length > 2)
  expect([heard.includes('*'), heard.includes('t'), news[0]]).toEqual([true, true, undefined])

  await other.close()
  await sendUntil(isQuiet)
  await one.close()
  await spy.end()
})
