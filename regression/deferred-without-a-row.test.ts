// A rule that deferred at a row that was not there lost the customer who paid at the same moment: neither saw the
// other, and the saga waited for ever. Found while looking at what the simulator had found for a row that is only
// locked.
import { command, deferred, participant, saga, type Schema } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryRows, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, implement } from '@ensemble/runtime'
import { specifyRule } from '@ensemble/testing'
import { expect, test } from 'vitest'

interface Bill {
  readonly id: string
}

const OneBill: Schema<Bill> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Bill }) },
}
const till = participant('till', { collect: command({ input: OneBill, deferred: true }) })
const sale = saga('sale', { version: 1, input: OneBill })
  .pivot('collect', { run: till.collect(({ input }) => input) })
  .end({ completed: () => null, compensated: ({ because }) => because })

const bill = aggregate({ rows: memoryRows<Bill>({ name: 'bill', key: ({ id }) => id }) })
const collectWith = (state: Bill | undefined) =>
  bill.on(till.collect, {
    key: ({ id }) => id,
    decide: (_state, _input, { now }) => ({
      outcome: deferred({ until: now + 60_000 }),
      ...(state === undefined ? {} : { state }),
    }),
    withdraw: () => ({ outcome: { status: 'withdrawn' } }),
  })

test('is a fault that says what to do', async () => {
  const clock = manualClock(1_800_000_000_000)
  const host = await createHost({
    service: 'till',
    database: memoryDatabase({ name: 'till', clock }),
    bus: sharedMemoryBus(),
    clock,
    ids: seededIds(1),
    plans: [sale],
    implementation: implement(till, { collect: collectWith(undefined) }),
    settings: { pollMs: 500, sweepMs: 500, retry: { delayMsMin: 1, delayMsMax: 1, attemptsMax: 1 } },
    starts: true,
    pattern: 'choreography',
  })
  const started = host.start(sale, { id: '1', input: { id: '1' } })
  await clock.advance(2_000)
  await started
  const status = host.status({ plan: 'sale', id: '1' })
  await clock.advance(0)
  expect((await status)?.data).toMatchObject({
    step: 'collect',
    status: 'faulted',
    reason: 'HOST_MISCONFIGURED',
    data: { message: "aggregate 'bill' defers at '1', where there is no row: return a state, too" },
  })
  const stopped = host.stop()
  await clock.advance(1_000)
  await stopped
})

test('is no scene of a rule either', () => {
  expect(() => specifyRule(collectWith(undefined)).when({ id: '1' })).toThrow(
    'till.collect defers without a row',
  )
  specifyRule(collectWith({ id: '1' }))
    .given({ now: 1 })
    .when({ id: '1' })
    .then({ outcome: deferred({ until: 60_001 }), state: { id: '1' } })
})
