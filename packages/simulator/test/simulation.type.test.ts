// What the compiler says about a subject of one's own: inputs are those of the plan, answers those of the rows.
import { saga, type Plan, type Schema } from '@ensemble/core'
import { memoryRows } from '@ensemble/memory'
import { simulation } from '@ensemble/simulator'

declare const Sale: Schema<{ readonly customer: string; readonly amount: number }>
declare const Trip: Schema<{ readonly trip: string }>
const sale: Plan<{ readonly customer: string; readonly amount: number }> = saga('sale', {
  version: 1,
  input: Sale,
}).end({})
const trip: Plan<{ readonly trip: string }> = saga('trip', { version: 1, input: Trip }).end({})
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
