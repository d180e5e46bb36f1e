// Scenes about turns: how much runs at a time, who is next, who is refused.
import { expect, test } from 'vitest'
import { slotsOf } from '../src/slots.ts'

function scene(atOnceMax: number, waitingMax: number) {
  const slots = slotsOf({ atOnceMax, waitingMax })
  const running: string[] = []
  const ends = new Map<string, PromiseWithResolvers<void>>()
  const begin = (name: string): Promise<string> =>
    slots(async () => {
      running.push(name)
      const end = Promise.withResolvers<void>()
      ends.set(name, end)
      try {
        await end.promise
        return name
      } finally {
        running.splice(running.indexOf(name), 1)
      }
    })
  return {
    begin,
    running,
    end: (name: string) => ends.get(name)?.resolve(),
    fail: (name: string) => ends.get(name)?.reject(new Error(name)),
  }
}

test('given two slots, when four come, then two run, the others in the order in which they came', async () => {
  const { begin, running, end } = scene(2, 2)
  const all = ['a', 'b', 'c', 'd'].map(begin)
  expect(running).toEqual(['a', 'b'])
  end('b')
  await all[1]
  expect(running).toEqual(['a', 'c'])
  end('a')
  await all[0]
  expect(running).toEqual(['c', 'd'])
})

test('given a full line, when one more comes, then 503 at once; a slot that is free again takes the next', async () => {
  const { begin, running, end } = scene(1, 1)
  const first = begin('a')
  const second = begin('b')
  await expect(begin('c')).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
  end('a')
  await first
  end('b')
  await second
  void begin('d')
  expect(running).toEqual(['d'])
})

test('given work that fails, when it ends, then its slot goes to the next', async () => {
  const { begin, running, fail } = scene(1, 1)
  const first = begin('a')
  void begin('b')
  fail('a')
  await expect(first).rejects.toThrow('a')
  expect(running).toEqual(['b'])
})
