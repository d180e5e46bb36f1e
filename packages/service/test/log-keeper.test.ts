// Keeping the bus's log small: pruning in bounded steps, and refusing new sagas when that does not help.
import { describe, expect, test } from 'vitest'
import { keepLog } from '../src/log-keeper.ts'

/** Rounds happen one by one: each sleep of the keeper lets the scene go on, and waits until it says so. */
function steppedClock() {
  let asleep = Promise.withResolvers<void>()
  let awake = Promise.withResolvers<void>()
  return {
    clock: {
      now: () => 10_000_000,
      sleep: async (_ms: number, signal: AbortSignal) => {
        asleep.resolve()
        signal.addEventListener('abort', () => awake.resolve())
        await awake.promise
      },
    },
    roundOver: async () => {
      await asleep.promise
    },
    nextRound: async () => {
      asleep = Promise.withResolvers()
      awake.resolve()
      awake = Promise.withResolvers()
      await asleep.promise
    },
  }
}

describe('the log keeper', () => {
  test('prunes until a step finds less than it may, and tells when what is left is too much', async () => {
    const { clock, roundOver, nextRound } = steppedClock()
    const prunes = [5_000, 5_000, 12, 0, 0]
    const sizes = [3_000_000, 3_000_000, 7]
    const asked: unknown[] = []
    const said: string[] = []
    const admin = {
      prune: async (what: unknown) => {
        asked.push(what)
        return prunes.shift() ?? 0
      },
      size: async () => sizes.shift() ?? 0,
    }

    const keeper = keepLog(admin, { clock, say: (line) => said.push(line) })
    expect(keeper.isFull()).toBe(false)
    await roundOver()

    const step = { countMax: 5_000, unreadBefore: 6_400_000 }
    expect(asked).toEqual([step, step, step])
    expect(keeper.isFull()).toBe(true)
    await nextRound()
    expect(said).toEqual([
      'the bus keeps 3000000 unread messages: new sagas are refused until readers catch up',
    ])
    await nextRound()
    expect(keeper.isFull()).toBe(false)
    await keeper.stop()
  })

  test('goes on after a failure', async () => {
    const { clock, roundOver, nextRound } = steppedClock()
    let calls = 0
    const prune = async (): Promise<number> => {
      calls += 1
      throw new Error('away')
    }
    const keeper = keepLog({ prune, size: async () => 0 }, { clock, say: () => undefined })
    await roundOver()
    await nextRound()
    expect([calls, keeper.isFull()]).toEqual([2, false])
    await keeper.stop()
  })
})
