// A batch of callers that found no database was tried again one by one, each waiting for a connection in turn: the
// last of a hundred heard after a hundred waits that there is none.
import { MemoryError } from '@ensemble/memory'
import { expect, test } from 'vitest'
import { gathered } from '../src/shell/gather.ts'

test.each(['CONNECTION', 'TIMEOUT'] as const)(
  'a hundred calls fail with %s after a few tries, not after a hundred',
  async (code) => {
    const sizes: number[] = []
    const call = gathered<number, number>(
      async (items) => {
        sizes.push(items.length)
        await Promise.resolve()
        throw new MemoryError(code, 'away')
      },
      { countMax: 99 },
    )
    const failures = await Promise.all(
      Array.from({ length: 100 }, (_, item) => call(item).catch((error: unknown) => error)),
    )
    const codes = failures.map((failure) => (failure instanceof MemoryError ? failure.code : 'none'))
    expect([new Set(codes), sizes]).toEqual([new Set([code]), [99, 1, 1, 1]])
  },
)

test('one item that waits for a lock in vain fails alone', async () => {
  const call = gathered<number, number>(
    async (items) => {
      await Promise.resolve()
      if (items.includes(2)) throw new MemoryError('TIMEOUT', 'the row is locked')
      return items
    },
    { countMax: 99 },
  )
  const answers = await Promise.allSettled(Array.from({ length: 5 }, (_, item) => call(item)))
  expect(answers.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ])
})

test('a call that finds the database back is answered, and so are those behind it', async () => {
  let tries = 0
  const call = gathered<number, number>(
    async (items) => {
      tries += 1
      await Promise.resolve()
      if (tries === 1) throw new MemoryError('CONNECTION', 'the connection broke')
      return items
    },
    { countMax: 99 },
  )
  const answers = await Promise.all(Array.from({ length: 5 }, (_, item) => call(item)))
  expect([answers, tries]).toEqual([[0, 1, 2, 3, 4], 6])
})
