// Owns: the participant `till`: bills that wait for money, with a timer, and calls of two providers.
// I1: nothing here guards against being done twice: that is what the engine is tried for, and the ledger shows it.
import { deferred, rejected, succeeded, type Schema } from '@ensemble/core'
import { sqlFolder, tableRows } from '@ensemble/postgres'
import {
  aggregate,
  effect,
  implement,
  NotDone,
  type EffectCall,
  type Implementation,
} from '@ensemble/runtime'
import { frontedRows } from '../tripwire/fronts.ts'
import type { Probe } from '../tripwire/probe.ts'
import { Reserved, till, type Parcel, type Scene } from './contracts.ts'
import { ledgerIn, type Entry } from './stock.ts'
import type { World } from './world.ts'

const sql = sqlFolder(new URL('./sql/', import.meta.url))

/** Nobody pays this one; of the others the customer's act has to come first, however long a recovery takes. */
const UNPAID_MS = 250
const PATIENT_MS = 600_000

const CALL_MS_MAX = 1_000

interface Bill {
  readonly key: string
  readonly state: 'open' | 'waiting' | 'paid' | 'lapsed' | 'withdrawn' | 'refused'
  readonly version: number
}

const bills = tableRows<Bill>({
  name: 'bill',
  load: sql('bill_load'),
  insert: sql('bill_insert'),
  update: sql('bill_update'),
  decode: (row) => ({
    key: String(row['key']),
    state: row['state'] as Bill['state'],
    version: Number(row['version']),
  }),
  key: ({ key }) => key,
  encode: (bill) => ({ ...bill }),
})

export function tillService(probe: Probe, world: World): Implementation {
  const rows = frontedRows(probe, bills)
  const bill = aggregate<Bill, Record<never, never>, Entry>({ rows, entries: ledgerIn(probe) })
  const due = bill.timer('bill.due', Keyed, {
    key: (data) => data.key,
    decide: (state, _data, { deferred: waiting }) => {
      if (state?.state !== 'waiting') return { outcome: succeeded() }
      const outcome = rejected('unpaid', {})
      return {
        outcome: succeeded(),
        state: { ...state, state: 'lapsed' },
        settlements: waiting.map(({ operation }) => ({ operation, outcome })),
      }
    },
  })
  const opened = bill.follow('stock.reserved', Reserved, {
    key: (data) => data.key,
    decide: (state, data) =>
      state === undefined
        ? { outcome: succeeded(), state: { key: data.key, state: 'open', version: 0 } }
        : { outcome: succeeded() },
  })
  return implement(
    till,
    { ...billHandlers(bill), ...carrierHandlers(world), ...courierHandlers(world) },
    { follows: [opened], timers: [due] },
  )
}

const Keyed: Schema<{ readonly key: string }> = {
  '~standard': {
    version: 1,
    vendor: 'crashpoints',
    validate: (value) => ({ value: value as { readonly key: string } }),
  },
}

const key = (input: Parcel): string => input.key

function moved(state: Bill | undefined, input: Parcel, to: Bill['state']): Bill {
  return { key: input.key, state: to, version: state?.version ?? 0 }
}

function billHandlers(bill: ReturnType<typeof aggregate<Bill, Record<never, never>, Entry>>) {
  return {
    look: bill.on(till.look, { key, decide: () => ({ outcome: succeeded() }) }),
    collect: bill.on(till.collect, {
      key,
      decide: (state, input, { now }) => {
        if (input.scene === 'refused')
          return { outcome: rejected('refused', {}), state: moved(state, input, 'refused') }
        const dueMs = dueMsOf(input.scene)
        return {
          outcome: deferred({ until: now + dueMs }),
          state: moved(state, input, 'waiting'),
          timers: [{ name: 'bill.due', at: now + dueMs, data: { key: input.key } }],
        }
      },
      withdraw: (state, input) =>
        state?.state === 'paid'
          ? { outcome: succeeded({}) }
          : { outcome: { status: 'withdrawn' }, state: moved(state, input, 'withdrawn') },
    }),
    pay: bill.on(till.pay, {
      key,
      decide: (state, input, { deferred: waiting }) => {
        if (state?.state !== 'waiting') return { outcome: rejected('closed', {}) }
        return {
          outcome: succeeded({}),
          state: { ...state, state: 'paid' },
          settlements: waiting.map(({ operation }) => ({ operation, outcome: succeeded({}) })),
          entries: waiting.map(({ operation }) => ({
            operation,
            key: input.key,
            step: 'collect',
            amount: 1,
            token: '',
          })),
        }
      },
    }),
  }
}

function dueMsOf(scene: Scene): number {
  return scene === 'unpaid' ? UNPAID_MS : PATIENT_MS
}

/** What an undo voids: its run, by the run's key. */
function runOf({ operation, run }: EffectCall<Parcel>): string {
  return run ?? operation
}

function carrierHandlers(world: World) {
  const bounds = { provider: 'carrier', timeoutMs: CALL_MS_MAX } as const
  return {
    carry: effect(till.carry, {
      ...bounds,
      call: async ({ input, operation, attempt }) => {
        if (input.scene === 'refused' && attempt === 1) throw new NotDone('the line is busy')
        await world.ask('carrier', operation)
        if (input.scene === 'paid' && attempt === 1) throw new Error('the line went dead')
        return succeeded({})
      },
    }),
    uncarry: effect(till.uncarry, {
      ...bounds,
      call: async (call) => {
        await world.voids('carrier', runOf(call))
        return succeeded()
      },
    }),
    unguess: effect(till.unguess, {
      ...bounds,
      call: async (call) => {
        await world.voids('courier', runOf(call))
        return succeeded()
      },
    }),
    tell: effect(till.tell, {
      ...bounds,
      call: async ({ operation }) => {
        await world.ask('carrier', operation)
        return succeeded()
      },
    }),
  }
}

function courierHandlers(world: World) {
  return {
    guess: effect(till.guess, {
      provider: 'courier',
      timeoutMs: CALL_MS_MAX,
      onUnknown: 'give up',
      call: async ({ input, operation }) => {
        await world.ask('courier', operation)
        if (input.scene === 'unsure') throw new Error('the line went dead')
        return succeeded({})
      },
    }),
  }
}
