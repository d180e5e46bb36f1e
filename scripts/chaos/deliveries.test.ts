// When a message counts as handled again.
import { expect, test } from 'vitest'
import { deliveries } from './deliveries.ts'

const FIRST = 'order.commands/0/7'
const SECOND = 'order.commands/0/8'

test('each time after the first counts, by service', () => {
  const { hear, againCount } = deliveries()
  hear({ handled: [FIRST] }, { service: 'order' })
  hear({ handled: [FIRST] }, { service: 'history' })
  expect(againCount()).toBe(0)

  hear({ handled: [FIRST, SECOND] }, { service: 'order' })
  hear({ handled: [FIRST] }, { service: 'order' })
  expect(againCount()).toBe(2)
})

test('words of another kind count for nothing', () => {
  const { hear, againCount } = deliveries()
  for (const word of ['hello', null, { handled: 1 }]) hear(word, { service: 'order' })
  expect(againCount()).toBe(0)
})
