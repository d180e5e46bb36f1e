// A subject of one's own: what is wrong with the file is an error, what is wrong with the system is a violation.
import { command, deferred, participant, saga, succeeded, type Plan, type Schema } from '@ensemble/core'
import { memoryRows } from '@ensemble/memory'
import { aggregate, effect, implement } from '@ensemble/runtime'
import { run, simulation, type Outside, type Reaching, type Subject } from '@ensemble/simulator'
import { describe, expect, test } from 'vitest'

const TIMEOUT_MS = 60_000

interface Parcel {
  readonly parcel: string
}

const OneParcel: Schema<Parcel> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'parcel' in value && typeof value.parcel === 'string'
        ? { value: { parcel: value.parcel } }
        : { issues: [{ message: 'a parcel has a name' }] },
  },
}

const carrier = participant('carrier', {
  book: command({ input: OneParcel, rejections: { full: OneParcel } }),
  unbook: command({ input: OneParcel }),
})
const bounds = { provider: 'carrier', timeoutMs: 1_000 } as const
const till = participant('till', {
  collect: command({ input: OneParcel, rejections: { refused: OneParcel }, deferred: true }),
  pay: command({ input: OneParcel }),
})
const send: Plan<Parcel> = saga('parcel.send', { version: 1, input: OneParcel })
  .compensatable('book', {
    run: carrier.book(({ input }) => input),
    undo: carrier.unbook(({ input }) => input),
  })
  .pivot('collect', { run: till.collect(({ input }) => input) })
  .end({})

interface Bill extends Parcel {
  readonly isPaid: boolean
}

const bills = memoryRows<Bill>({ name: 'bill', key: ({ parcel }) => parcel })
const bill = aggregate({ rows: bills })
const key = ({ parcel }: Parcel): string => parcel
const tillService = implement(till, {
  collect: bill.on(till.collect, {
    key,
    decide: (state, { parcel }, { now }) =>
      state?.isPaid === true
        ? { outcome: succeeded() }
        : { outcome: deferred({ until: now + 5_000 }), state: { parcel, isPaid: false } },
    withdraw: () => ({ outcome: { status: 'withdrawn' } }),
  }),
  pay: bill.on(till.pay, {
    key,
    decide: (_state, { parcel }, { deferred: waiting }) => ({
      outcome: succeeded(),
      state: { parcel, isPaid: true },
      settlements: waiting.map(({ operation }) => ({ operation, outcome: succeeded() })),
    }),
  }),
})

// region outside
const carrierService = (outside: Outside) =>
  implement(carrier, {
    book: effect(carrier.book, {
      ...bounds,
      call: async (call) => {
        await outside.ask(call)
        return succeeded()
      },
    }),
    unbook: effect(carrier.unbook, {
      ...bounds,
      call: async (call) => {
        await outside.ask(call)
        return succeeded()
      },
    }),
  })
// endregion

/** Its undo never reaches the carrier. */
const lazyService = (outside: Outside) => {
  const unbook = effect(carrier.unbook, { ...bounds, call: async () => succeeded() })
  const { handlers, ...same } = carrierService(outside)
  return { ...same, handlers: new Map([...handlers, ['unbook', unbook]]) }
}

// region parcels
const parcels = (implementation: Reaching['implementation']) =>
  simulation({
    name: 'parcels',
    services: [tillService, { participant: 'carrier', implementation }],
    sagas: [
      {
        plan: send,
        input: ({ id }) => ({ parcel: id }),
        visits: ({ input, asks }) => [asks(till.pay, input)],
        cancels: 0.5,
      },
    ],
    check: ({ sagas, deeds, states }) =>
      sagas.flatMap(({ id, status, answers }) => {
        const { done = 0, undone = 0 } = deeds.get(`parcel.send/${id}/book/run`) ?? {}
        const isPaid = states(bills).some(({ parcel, isPaid: is }) => parcel === id && is)
        const wasTold = answers.some(({ name }) => name === 'pay')
        const isBooked = done - undone === 1
        return [
          ...(isBooked === (status === 'completed') ? [] : [`${id} ${status}: booked ${done - undone}`]),
          ...(wasTold && !isPaid ? [`${id}: paid, and forgotten`] : []),
        ]
      }),
  })
// endregion

async function found(subject: Subject, seeds: number): Promise<readonly string[]> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violations } = await run({ seed, subject })
    if (violations.length > 0) return violations
  }
  return []
}

describe('a system with an outside and customers who pay', { timeout: TIMEOUT_MS }, () => {
  test('passes when it is right', async () => {
    expect(await found(parcels(carrierService), 8)).toEqual([])
  })

  test('is caught when its undo never reaches the outside', async () => {
    expect(await found(parcels(lazyService), 40)).toContainEqual(
      expect.stringMatching(/^\d+ compensated: booked 1$/),
    )
  })
})

describe('a file that is wrong', () => {
  const sagas = [{ plan: send, input: () => ({ parcel: 'a' }) }] as const
  const check = () => []

  test('a service that a plan asks for is missing', () => {
    expect(() => simulation({ name: 'x', services: [tillService], sagas, check })).toThrow(
      "the plan 'parcel.send' asks 'carrier', which is not among the services",
    )
  })

  test('an input that the plan refuses', async () => {
    const odd = { parcel: 7 } as unknown as Parcel
    const subject = simulation({
      name: 'x',
      services: [tillService, { participant: 'carrier', implementation: carrierService }],
      sagas: [{ plan: send, input: () => odd }],
      check,
    })
    await expect(run({ seed: 1, subject })).rejects.toThrow("the input of 'parcel.send': a parcel has a name")
  })
})
