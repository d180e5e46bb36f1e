// Blocking queries: which index is asked for next, and what is heard.
import { expect, test } from 'vitest'
import type { Indexed } from '../src/consul/client.ts'
import { nextIndex, watch } from '../src/consul/watch.ts'

interface Heard {
  readonly asked: number[]
  readonly heard: string[]
  readonly failed: string[]
  readonly slept: number[]
}

/** The agent answers one after the other; then the watch is over. */
async function watching(...answers: readonly (Indexed<string> | Error)[]): Promise<Heard> {
  const found: Heard = { asked: [], heard: [], failed: [], slept: [] }
  const over = new AbortController()
  let next = 0
  await watch<string>({
    read: async ({ index }) => {
      const answer = answers[next]
      next += 1
      if (answer === undefined) {
        over.abort()
        throw new Error('over')
      }
      found.asked.push(index)
      if (answer instanceof Error) throw answer
      return answer
    },
    hear: (value) => found.heard.push(value),
    fail: (error) => found.failed.push(String(error)),
    clock: { sleep: async (ms) => void found.slept.push(ms) },
    chance: () => 0.5,
    signal: over.signal,
  })
  return found
}

const at = (index: number, value: string): Indexed<string> => ({ index, value })

test('what changed is heard once, and the next read waits for the index that came', async () => {
  const { asked, heard } = await watching(at(7, 'a'), at(7, 'a'), at(9, 'b'))
  expect([asked, heard]).toEqual([
    [0, 7, 7],
    ['a', 'b'],
  ])
})

test('an index that goes down is begun anew, and what it came with is heard', async () => {
  const { asked, heard } = await watching(at(700, 'a'), at(3, 'b'), at(3, 'b'), at(4, 'c'))
  expect([asked, heard]).toEqual([
    [0, 700, 0, 3],
    ['a', 'b', 'b', 'c'],
  ])
})

test('an index of 0 never makes a read that answers at once', () => {
  expect([nextIndex(0, 0), nextIndex(5, 0), nextIndex(5, 4), nextIndex(5, 5), nextIndex(5, 6)]).toEqual([
    1, 0, 0, 5, 6,
  ])
})

test('what fails is told once and tried again later and later, from the start', async () => {
  const away = new Error('away')
  const { asked, heard, failed, slept } = await watching(at(7, 'a'), away, away, away, at(7, 'a'), away)
  expect(asked).toEqual([0, 7, 0, 0, 0, 7])
  expect(heard).toEqual(['a', 'a'])
  expect(failed).toEqual(['Error: away', 'Error: away'])
  expect(slept).toEqual([100, 375, 750, 1_500, 100, 375])
})
