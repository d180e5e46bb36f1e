// What means nothing to a reader, by its own word, on a real broker.
import type { Subscription } from '@ensemble/runtime'
import { afterEach, expect, test, vi } from 'vitest'
import { event, expectIds, kafkaWorld, SOON } from './support.ts'

const TOPIC = 'first.events'

const stack: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).toReversed()) await close()
})

test('it is not handed out, and read no more by who comes next', async () => {
  const world = await kafkaWorld({ partitions: 1 })
  stack.push(() => world.close())
  const { transport } = world
  const join = (): Promise<Subscription> => transport.subscribe({ group: 'g', topics: [TOPIC] })
  const send = (...ids: readonly string[]): Promise<void> =>
    transport.send(ids.map((id) => event(id, { topic: TOPIC, key: 'k' })))
  const reader = await join()
  reader.onNews((messages) => messages?.some(({ id }) => !id.startsWith('nothing')))
  await send('nothing 1', 'a', 'nothing 2', 'b', 'nothing 3')
  await expectIds(reader, ['a', 'b'])
  await send('nothing 4')
  await vi.waitFor(async () => {
    expect(await reader.take(100)).toBeNull()
    expect(await transport.lag('g')).toEqual([])
  }, SOON)
  await reader.close()
  const next = await join()
  await send('c')
  await expectIds(next, ['c'])
})
