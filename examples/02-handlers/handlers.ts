// The three forms of handlers in one saga. A parcel is sent when its customer has paid: the carrier is booked
// over the network (effect), the money is awaited (aggregate, deferred), the papers are filed by hand
// (transaction).
import { command, deferred, participant, saga, succeeded, type Pattern, type Plan } from '@ensemble/core'
import { memoryDatabase, memoryRows, sharedMemoryBus } from '@ensemble/memory'
import { aggregate, createHost, effect, implement, systemClock, transaction } from '@ensemble/runtime'
import type { Host, Implementation } from '@ensemble/runtime'
import { z } from 'zod'

const Parcel = z.object({ parcel: z.string(), price: z.number().int().positive() })
const Receipt = z.object({ paid: z.number().int() })
const Booking = z.object({ tracking: z.string() })

export const carrier = participant('carrier', {
  book: command({ input: Parcel, output: Booking, rejections: { no_route: Parcel }, event: 'booked' }),
  unbook: command({ input: Parcel, event: 'unbooked' }),
})
export const till = participant('till', {
  collect: command({
    input: Parcel,
    output: Receipt,
    rejections: { refused: Parcel },
    deferred: true,
    event: 'collected',
  }),
  pay: command({ input: Parcel, output: Receipt, event: 'paid' }),
})
const archive = participant('archive', { file: command({ input: Parcel, event: 'filed' }) })

export const sendParcel: Plan<z.infer<typeof Parcel>> = saga('parcel.send', { version: 1, input: Parcel })
  .compensatable('bookCarrier', {
    run: carrier.book(({ input }) => input),
    undo: carrier.unbook(({ input }) => input),
  })
  .pivot('collectMoney', { run: till.collect(({ input }) => input) })
  .retriable('filePapers', { run: archive.file(({ input }) => input) })
  .end({
    completed: ({ results }) => ({ ...results.bookCarrier, ...results.collectMoney }),
    compensated: ({ because }) => ({ why: because.reason }),
  })

// region aggregate
interface Bill {
  readonly parcel: string
  readonly paid: number
}

const bills = aggregate({ rows: memoryRows<Bill>({ name: 'bill', key: ({ parcel }) => parcel }) })

/** Succeeds at once when the money is there already, else when it comes. */
export const collect = bills.on(till.collect, {
  key: ({ parcel }) => parcel,
  decide: (state, { parcel, price }, { now }) =>
    state !== undefined && state.paid >= price
      ? { outcome: succeeded({ paid: state.paid }) }
      : { outcome: deferred({ until: now + DAY_MS }), state: state ?? { parcel, paid: 0 } },
  withdraw: () => ({ outcome: { status: 'withdrawn' } }),
})

/** Money comes in: whatever waits for it is settled in the same transaction. */
export const pay = bills.on(till.pay, {
  key: ({ parcel }) => parcel,
  decide: (state, { parcel, price }, { deferred: waiting }) => {
    const paid = (state?.paid ?? 0) + price
    return {
      outcome: succeeded({ paid }),
      state: { parcel, paid },
      settlements: waiting.map(({ operation }) => ({ operation, outcome: succeeded({ paid }) })),
    }
  },
})
// endregion

const DAY_MS = 86_400_000

const tillService = implement(till, { collect, pay })

// region transaction
const papers = memoryRows<{ readonly parcel: string }>({ name: 'papers', key: ({ parcel }) => parcel })

const archiveService = implement(archive, {
  file: transaction(archive.file, {
    handle: async ({ tx, input: { parcel } }) => {
      const known = await papers.load(tx, [parcel])
      if (!known.has(parcel)) await papers.insert(tx, [{ key: parcel, state: { parcel } }])
      return succeeded()
    },
  }),
})
// endregion

/** What the example needs of a carrier; the test plays it. */
export interface CarrierApi {
  readonly book: (key: string, parcel: string) => Promise<{ readonly tracking: string }>
  readonly unbook: (key: string, booking: string | null) => Promise<void>
}

// region effect
function carrierService(api: CarrierApi): Implementation {
  const bounds = { provider: 'carrier', timeoutMs: 5_000, concurrency: 4 }
  return implement(carrier, {
    book: effect(carrier.book, {
      ...bounds,
      call: async ({ input, operation }) => succeeded(await api.book(operation, input.parcel)),
    }),
    unbook: effect(carrier.unbook, {
      ...bounds,
      call: async ({ operation, run }) => {
        await api.unbook(operation, run)
        return succeeded()
      },
    }),
  })
}
// endregion

// region system
export interface System {
  readonly desk: Host
  readonly tillHost: Host
  readonly stop: () => Promise<void>
}

export async function startSystem(pattern: Pattern, api: CarrierApi): Promise<System> {
  const bus = sharedMemoryBus({ partitions: 2 })
  const open = (service: string) => ({
    service,
    database: memoryDatabase({ name: service, clock: systemClock }),
    bus,
    plans: [sendParcel],
  })
  const tillHost = await createHost({ ...open('till'), implementation: tillService })
  const hosts = [
    tillHost,
    await createHost({ ...open('carrier'), implementation: carrierService(api) }),
    await createHost({ ...open('archive'), implementation: archiveService }),
  ]
  if (pattern === 'orchestration')
    hosts.push(await createHost({ ...open('orchestrator'), orchestrates: true }))
  const desk = await createHost({ ...open('desk'), starts: true, pattern })
  const stop = async (): Promise<void> => {
    for (const host of [desk, ...hosts]) await host.stop()
  }
  return { desk, tillHost, stop }
}
// endregion
