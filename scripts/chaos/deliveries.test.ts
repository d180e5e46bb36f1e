// When a message counts as handed out again.
import { expect, test } from 'vitest'
import { deliveries } from './deliveries.ts'

const PLACE = 'order.commands/0/7'

test.each([
  ['to one process', [1], 0],
  ['to one process twice: counted first, then handled', [1, 1], 0],
  ['to one process three times: its batch had failed', [1, 1, 1], 1],
  ['to another process: the first one died', [1, 2], 1],
  ['to another process, which counts it first', [1, 2, 2], 1],
])('handed %s', (_title, pids, count) => {
  const { hear, againCount } = deliveries()
  for (const pid of pids) hear({ delivered: [PLACE] }, { service: 'order', pid })
  expect(againCount()).toBe(count)
})

test('two services that read one topic, and words of another kind, do not count', () => {
  const { hear, againCount } = deliveries()
  hear({ delivered: [PLACE] }, { service: 'order', pid: 1 })
  hear({ delivered: [PLACE] }, { service: 'history', pid: 2 })
  hear('hello', { service: 'order', pid: 2 })
  expect(againCount()).toBe(0)
})
