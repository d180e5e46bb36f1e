// Which of several instances is asked.
import { expect, test } from 'vitest'
import { Instances } from '../src/instances.ts'

const clock = { time: 0, now: () => clock.time }

function given(...urls: readonly string[]) {
  const instances = new Instances(urls, clock)
  return {
    first: () => instances.inOrder()[0]?.url,
    order: () => instances.inOrder().map(({ url }) => url),
    ask: async (call: (url: string) => Promise<unknown>) => {
      const [instance] = instances.inOrder()
      if (instance !== undefined) await instances.ask(instance, call)
    },
  }
}

test('equals are asked in turn', async () => {
  const { ask } = given('a', 'b', 'c')
  const asked: string[] = []
  for (let n = 0; n < 6; n += 1) await ask(async (url) => asked.push(url))
  expect(asked).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
})

test('one that does not answer gets no more calls while the other does', async () => {
  const { ask, first } = given('a', 'b')
  const hanging = Promise.withResolvers<void>()
  const asked: string[] = []
  const open = ask(() => hanging.promise)
  for (let n = 0; n < 3; n += 1) await ask(async (url) => asked.push(url))
  expect(asked).toEqual(['b', 'b', 'b'])

  hanging.resolve()
  await open
  expect(first()).toBe('a')
})

test('one that failed is asked last for a while, and is asked again when it has rested', async () => {
  const { ask, order } = given('a', 'b')
  await expect(ask(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  await ask(async () => 'answered by b')
  expect(order()).toEqual(['b', 'a'])

  clock.time += 2_000
  expect(order()).toEqual(['a', 'b'])
})

test('one alone is asked although it failed', async () => {
  const { ask, order } = given('a')
  await expect(ask(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  expect(order()).toEqual(['a'])
})
