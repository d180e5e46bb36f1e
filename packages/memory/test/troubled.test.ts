import { memoryBus } from '@ensemble/memory'
import type { Message } from '@ensemble/core'
import { troubled } from '@ensemble/testing'
import { expect, test } from 'vitest'

const note = (id: string): Message => ({
  id,
  topic: 't',
  key: 'k',
  type: 'timer',
  name: 'n',
  at: 1,
  data: null,
  saga: null,
})

async function order(shuffle: number): Promise<string[]> {
  const transport = troubled(memoryBus(), { copies: 3, shuffle })
  await transport.send(['a', 'b', 'c', 'd'].map(note))
  const delivery = await (await transport.subscribe({ group: 'g', topics: ['t'] })).take(4)
  return (delivery?.messages ?? []).map((one) => (one.ok ? one.message.id : one.reason))
}

test('a seed gives one order, another seed another, each message three times', async () => {
  const [first, again, other] = [await order(1), await order(1), await order(2)]
  const tripled = ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c', 'd', 'd', 'd']
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
  expect([first.toSorted(), other.toSorted()]).toEqual([tripled, tripled])
  expect(first).not.toEqual(tripled)
})
