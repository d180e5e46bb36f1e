// A first saga: three small services keep a trip consistent. Book a seat, charge the card, confirm the seat; when
// the card is refused the seat is given back. The same plan runs in both patterns. Run: `npm run example`.
// region contracts
import { command, participant, rejected, saga, succeeded, type Pattern, type Plan } from '@ensemble/core'
import { memoryDatabase, memoryRows, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, implement, systemClock, type Host } from '@ensemble/runtime'
import { z } from 'zod'

const Trip = z.object({ trip: z.string(), card: z.string(), price: z.number().int().positive() })
const OneTrip = z.object({ trip: z.string() })

const seats = participant('seats', {
  book: command({
    input: OneTrip,
    output: z.object({ seat: z.string() }),
    rejections: { full: OneTrip },
    event: 'booked',
  }),
  free: command({ input: OneTrip, event: 'freed' }),
  confirm: command({ input: OneTrip, event: 'confirmed' }),
})
const cards = participant('cards', {
  charge: command({ input: Trip, rejections: { declined: OneTrip }, event: 'charged' }),
})
// endregion

// region plan
export const bookTrip: Plan<z.infer<typeof Trip>> = saga('trip.book', { version: 1, input: Trip })
  .compensatable('bookSeat', {
    run: seats.book(({ input }) => ({ trip: input.trip })),
    undo: seats.free(({ input }) => ({ trip: input.trip })),
  })
  .pivot('chargeCard', { run: cards.charge(({ input }) => input), within: '30s' })
  .retriable('confirmSeat', { run: seats.confirm(({ input }) => ({ trip: input.trip })) })
  .end({
    completed: ({ results }) => ({ seat: results.bookSeat.seat }),
    compensated: ({ because }) => ({ why: because.reason }),
  })
// endregion

// region services
type Seat = { readonly trip: string; readonly status: 'booked' | 'freed' | 'confirmed' }
export const seatRows = memoryRows<Seat>({ name: 'seat', key: ({ trip }) => trip })
const seat = aggregate({ rows: seatRows })
export const seatService = implement(seats, {
  book: seat.on(seats.book, {
    key: ({ trip }) => trip,
    decide: (_state, { trip }) => ({
      state: { trip, status: 'booked' },
      outcome: succeeded({ seat: '12A' }),
    }),
  }),
  free: seat.on(seats.free, {
    key: ({ trip }) => trip,
    decide: (state) =>
      state === undefined
        ? { outcome: succeeded() }
        : { state: { ...state, status: 'freed' }, outcome: succeeded() },
  }),
  confirm: seat.on(seats.confirm, {
    key: ({ trip }) => trip,
    decide: (state, { trip }) => ({ state: { ...state, trip, status: 'confirmed' }, outcome: succeeded() }),
  }),
})

type Charge = { readonly trip: string; readonly price: number }
export const charges = memoryRows<Charge>({ name: 'charge', key: ({ trip }) => trip })
const charge = aggregate({ rows: charges })
export const cardService = implement(cards, {
  charge: charge.on(cards.charge, {
    key: ({ trip }) => trip,
    decide: (_state, { trip, card, price }) =>
      card === 'stolen'
        ? { outcome: rejected('declined', { trip }) }
        : { state: { trip, price }, outcome: succeeded() },
  }),
})
// endregion

// region system
export interface System {
  readonly desk: Host
  readonly seatOf: (trip: string) => Promise<Seat | undefined>
  readonly stop: () => Promise<void>
}

/**
 * Starts the services on one bus, each with its own database; choreography needs no orchestrator, so none is
 * started.
 */
export async function startSystem(pattern: Pattern): Promise<System> {
  const bus = sharedMemoryBus({ partitions: 2 })
  const database = (name: string) => memoryDatabase({ name, clock: systemClock })
  const plans = [bookTrip]
  const seatDatabase = database('seats')
  const hosts = [
    await createHost({ service: 'seats', database: seatDatabase, bus, plans, implementation: seatService }),
    await createHost({
      service: 'cards',
      database: database('cards'),
      bus,
      plans,
      implementation: cardService,
    }),
  ]
  if (pattern === 'orchestration') {
    hosts.push(
      await createHost({
        service: 'orchestrator',
        database: database('orchestrator'),
        bus,
        plans,
        orchestrates: true,
      }),
    )
  }
  const desk = await createHost({
    service: 'desk',
    database: database('desk'),
    bus,
    plans,
    starts: true,
    pattern,
  })
  return {
    desk,
    seatOf: (trip) => seatDatabase.transaction(async (tx) => (await seatRows.load(tx, [trip])).get(trip)),
    stop: async () => {
      for (const host of [desk, ...hosts]) await host.stop()
    },
  }
}
// endregion
