// Batches of gathered calls side by side: when one begins beside another, and that a lane has one at a time.
import { expect, test } from 'vitest'
import { gathered } from '../src/shell/gather.ts'

interface Batch {
  readonly lane: number
  readonly items: readonly number[]
  readonly end: (failure?: Error) => void
}

/** Batches that end when they are told to. */
function world(lanes?: { readonly count: number; readonly waitingMin: number }) {
  const batches: Batch[] = []
  const running = new Set<number>()
  let mostAtOnce = 0
  const call = gathered<number, number>(
    async (items, lane) => {
      expect(running.has(lane)).toBe(false)
      running.add(lane)
      mostAtOnce = Math.max(mostAtOnce, running.size)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const end = (failure?: Error): void => (failure === undefined ? resolve() : reject(failure))
      batches.push({ lane, items, end })
      try {
        await promise
      } finally {
        running.delete(lane)
      }
      return items
    },
    { countMax: 5, ...(lanes !== undefined && { lanes }) },
  )
  const calls = (from: number, count: number): Promise<number>[] =>
    Array.from({ length: count }, (_, index) => call(from + index))
  return { batches, calls, most: () => mostAtOnce, sizes: () => batches.map(({ items }) => items.length) }
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('given two lanes, when few wait, then these wait for the batch under way; many begin another', async () => {
  const { batches, calls, sizes } = world({ count: 2, waitingMin: 3 })
  const answers = calls(0, 1)
  await turns()
  answers.push(...calls(1, 2))
  await turns()
  expect(sizes()).toEqual([1])
  answers.push(...calls(3, 1))
  await turns()
  expect([sizes(), batches.map(({ lane }) => lane)[1]]).toEqual([[1, 3], 1 - (batches[0]?.lane ?? 0)])
  answers.push(...calls(4, 7))
  await turns()
  // Both lanes are busy; the first one that is free takes what has come, and not more than a batch has.
  expect(sizes()).toEqual([1, 3])
  batches[1]?.end()
  await turns()
  expect(sizes()).toEqual([1, 3, 5])
  batches[2]?.end()
  await turns()
  // Two are left, which is too few beside another batch, and enough once there is none.
  expect(sizes()).toEqual([1, 3, 5])
  batches[0]?.end()
  await turns()
  expect(sizes()).toEqual([1, 3, 5, 2])
  batches[3]?.end()
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 11 }, (_, item) => item))
})

test('given many at once, then they go together in as many batches as there are lanes', async () => {
  const { batches, calls, sizes } = world({ count: 2, waitingMin: 3 })
  const answers = calls(0, 12)
  expect(sizes()).toEqual([])
  await turns()
  expect(sizes()).toEqual([5, 5])
  batches[0]?.end()
  await turns()
  expect(sizes()).toEqual([5, 5])
  batches[1]?.end()
  await turns()
  batches[2]?.end()
  expect([await Promise.all(answers), sizes()]).toEqual([
    Array.from({ length: 12 }, (_, item) => item),
    [5, 5, 2],
  ])
})

test('given one lane, when many wait, then one batch comes after the other', async () => {
  const { batches, calls, most, sizes } = world()
  const answers = calls(0, 12)
  for (let index = 0; index < 3; index += 1) {
    await turns()
    batches[index]?.end()
  }
  await Promise.all(answers)
  expect([most(), sizes()]).toEqual([1, [5, 5, 2]])
})

test('given two lanes, when a batch fails, then its calls are tried again in its lane, beside the other', async () => {
  const { batches, calls, sizes } = world({ count: 2, waitingMin: 2 })
  const first = calls(0, 1)
  await turns()
  const answers = Promise.allSettled([...first, ...calls(1, 2)])
  await turns()
  batches[1]?.end(new Error('together'))
  await turns()
  expect([sizes(), batches[2]?.lane]).toEqual([[1, 2, 1], batches[1]?.lane])
  batches[2]?.end(new Error('alone'))
  batches[0]?.end()
  await turns()
  batches[3]?.end()
  expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})
