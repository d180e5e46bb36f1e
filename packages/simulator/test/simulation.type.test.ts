// What the compiler says about a subject of one's own: inputs are those of the plan, answers those of the rows.
import { command, participant, saga, type Plan, type Schema } from '@ensemble/core'
import { memoryRows } from '@ensemble/memory'
import { simulation } from '@ensemble/simulator'

declare const Sale: Schema<{ readonly customer: string; readonly amount: number }>
declare const Trip: Schema<{ readonly trip: string }>
declare const sale: Plan<{ readonly customer: string; readonly amount: number }>
const { book } = participant('seats', { book: command({ input: Trip }) })
const trip = saga('trip', { version: 1, input: Trip })
  .pivot('book', { run: book(({ input }) => input) })
  .end({})
const accounts = memoryRows<{ readonly owed: number }>({ name: 'account' })

export const typed = simulation({
  name: 'typed',
  services: [],
  sagas: [
    { plan: sale, input: ({ id }) => ({ customer: id, amount: 1 }) },
    { plan: trip, input: ({ id }) => ({ trip: id }) },
  ],
  check: ({ sagas, states }) => [
    ...sagas.map(({ input }) => ('trip' in input ? input.trip : input.customer)),
    ...states(accounts).map(({ owed }) => owed.toFixed(0)),
  ],
})

export const wrong = simulation({
  name: 'wrong',
  services: [],
  // @ts-expect-error a sale has an amount
  sagas: [{ plan: sale, input: ({ id }) => ({ customer: id }) }],
  check: () => [],
})
