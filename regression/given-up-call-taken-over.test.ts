// A call to a provider without idempotency keys whose worker died was made a second time by the worker that took it
// over, although its handler gives up in doubt. Found by the simulator (seed 41 of its first day).
import { command, participant, saga, succeeded, type Schema } from '@ensemble/core'
import {
  manualClock,
  memoryDatabase,
  MemoryError,
  memoryRows,
  seededIds,
  sharedMemoryBus,
} from '@ensemble/memory'
import { aggregate, createHost, effect, implement, type Database, type Host } from '@ensemble/runtime'
import { expect, test } from 'vitest'

const Anything: Schema<{ readonly key: string }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { key: string } }) },
}
const mail = participant('mail', {
  post: command({ input: Anything, rejections: { refused: Anything } }),
  recall: command({ input: Anything }),
})
const letter = saga('letter', { version: 1, input: Anything })
  .compensatable('post', { run: mail.post(({ input }) => input), undo: mail.recall(({ input }) => input) })
  .end({ completed: () => null, compensated: () => null })

/** A process's connection: once it is cut nothing commits any more. */
function cuttable(database: Database): { readonly database: Database; readonly cut: () => void } {
  let isCut = false
  const refuse = (): void => {
    if (isCut) throw new MemoryError('CONNECTION', 'the process is dead')
  }
  return {
    cut: () => void (isCut = true),
    database: {
      stores: database.stores,
      query: (statement, values) => database.query(statement, values),
      transaction: (work) =>
        database.transaction(async (tx) => {
          const value = await work(tx)
          refuse()
          return value
        }),
    },
  }
}

test('a call in doubt of a dead worker is given up, not made again', async () => {
  const clock = manualClock(1_800_000_000_000)
  const bus = sharedMemoryBus()
  const database = memoryDatabase({ name: 'mail', clock })
  const recalls = memoryRows<{ readonly key: string }>({ name: 'recalls', key: ({ key }) => key })
  const calls: string[] = []
  const post = effect(mail.post, {
    provider: 'post office',
    timeoutMs: 1_000,
    onUnknown: 'give up',
    call: async ({ operation }) => {
      calls.push(operation)
      return await new Promise(() => undefined)
    },
  })
  const recall = aggregate({ rows: recalls }).on(mail.recall, {
    key: ({ key }) => key,
    decide: (_state, { key }) => ({ outcome: succeeded(), state: { key } }),
  })
  const implementation = implement(mail, { post, recall })
  const settings = { pollMs: 500, sweepMs: 500 }
  const more = { bus, clock, ids: seededIds(1), plans: [letter], settings }
  const start = (own: Database): Promise<Host> =>
    createHost({
      ...more,
      service: 'mail',
      database: own,
      implementation,
      starts: true,
      pattern: 'choreography',
    })

  const first = cuttable(database)
  const dead = await start(first.database)
  const started = dead.start(letter, { id: '1', input: { key: 'a' } })
  await clock.advance(600)
  await started
  expect(calls).toEqual(['letter/1/post/run'])
  first.cut()
  const second = await start(database)
  // The lease is the call's time-out and five seconds.
  await clock.advance(10_000)
  const status = second.status({ plan: 'letter', id: '1' })
  await clock.advance(0)
  expect({ calls, status: (await status)?.status }).toEqual({
    calls: ['letter/1/post/run'],
    status: 'compensated',
  })
  const stopped = Promise.all([dead.stop(), second.stop()])
  await clock.advance(5_000)
  await stopped
})
