// Owns: how the made-up participants do what a step's part says, in every form of handler, and the records that
// checkers read: rows, a ledger with one entry for each effect, followed events.
import { deferred, eventNames, rejected, succeeded } from '@ensemble/core'
import { memoryEntries, memoryRows } from '@ensemble/memory'
import { aggregate, effect, implement, transaction, type Implementation } from '@ensemble/runtime'
import type { Outside } from '../outside.ts'
import {
  Anything,
  contracts,
  Waiting,
  type Contract,
  type Ordered,
  type ParticipantName,
} from './contracts.ts'

/** `kept` is done, by a withdraw that came too late. */
export type Mark = 'done' | 'kept' | 'undone' | 'waiting' | 'withdrawn' | 'expired' | 'refused'

export interface Thing {
  readonly key: string
  /** By `Ordered.mark`. */
  readonly marks: Readonly<Record<string, Mark>>
}

/** One effect that was recorded. */
export interface Recorded {
  readonly operation: string
  readonly mark: string
  readonly direction: 'run' | 'undo'
  readonly amount: number
  readonly at: number
}

export interface Followed {
  readonly operation: string
}

const things = memoryRows<Thing>({ name: 'thing', key: ({ key }) => key })
const written = memoryRows<Thing>({ name: 'written', key: ({ key }) => key })
/** No key: an operation that is recorded twice is seen. */
const ledger = memoryEntries<Recorded>({ name: 'ledger' })
const followed = memoryEntries<Followed>({ name: 'followed' })
const seen = memoryRows<Thing>({ name: 'seen', key: ({ key }) => key })

export function playerOf(name: ParticipantName, outside: Outside): Implementation {
  const contract = contracts[name]
  return implement(
    contract,
    {
      ...makingHandlers(contract, outside),
      ...waitingHandlers(contract),
      ...sqlHandlers(contract),
      ...callingHandlers(contract, outside),
    },
    { timers: [waitIsOver], follows: followsOf(name) },
  )
}

const thing = aggregate<Thing, Record<never, never>, Recorded>({ rows: things, entries: ledger })
const witness = aggregate<Thing, Record<never, never>, Followed>({ rows: seen, entries: followed })
const key = (input: Ordered): string => input.key

function faultless({ part }: Ordered, now: number, work: 'refusable' | 'certain'): void {
  if (work === 'refusable' && part.run === 'throw') throw new Error('it always throws')
  const until = work === 'refusable' ? part.troubleUntil : part.certainTroubleUntil
  if (now < until) throw new Error('it throws for a while')
}

function marked(
  state: Thing | undefined,
  input: { readonly key: string; readonly mark: string },
  mark: Mark,
): Thing {
  return { key: input.key, marks: { ...state?.marks, [input.mark]: mark } }
}

interface At {
  readonly now: number
  readonly operation: string
}

function entry(input: Ordered, { operation, now }: At, direction: 'run' | 'undo'): Recorded {
  const amount = direction === 'run' ? input.amount : -input.amount
  return { operation, mark: input.mark, direction, amount, at: now }
}

function makingHandlers(contract: Contract, outside: Outside) {
  const claims = ({ part }: Ordered) =>
    part.claim === null || !part.namesClaim ? {} : { claims: [part.claim] }
  return {
    look: thing.on(contract.look, {
      key,
      decide: (_state, input, { now }) => {
        faultless(input, now, 'refusable')
        return { outcome: input.part.run === 'reject' ? rejected('no', {}) : succeeded() }
      },
    }),
    make: thing.on(contract.make, {
      key,
      needs: claims,
      decide: (state, input, at) => {
        if (input.part.kills) outside.poison()
        faultless(input, at.now, 'refusable')
        const { claim } = input.part
        if (
          input.part.run === 'reject' ||
          (claim !== null && input.part.namesClaim && at.holder(claim) !== null)
        )
          return { outcome: rejected('no', {}) }
        return {
          outcome: succeeded({ made: input.mark }),
          state: marked(state, input, 'done'),
          entries: [entry(input, at, 'run')],
          claim: claim === null ? [] : [claim],
        }
      },
    }),
    unmake: thing.on(contract.unmake, {
      key,
      needs: claims,
      decide: (state, input, at) => unmade(state, input, at),
    }),
    finish: thing.on(contract.finish, {
      key,
      decide: (state, input, at) => {
        if (input.part.kills) outside.poison()
        faultless(input, at.now, 'certain')
        return {
          outcome: succeeded(),
          state: marked(state, input, 'done'),
          entries: [entry(input, at, 'run')],
        }
      },
    }),
  }
}

/** An undo of what is not there succeeds and changes nothing. */
function unmade(state: Thing | undefined, input: Ordered, at: At) {
  faultless(input, at.now, 'certain')
  const mark = state?.marks[input.mark]
  if (mark !== 'done' && mark !== 'kept') return { outcome: succeeded() }
  const { claim } = input.part
  return {
    outcome: succeeded(),
    state: marked(state, input, 'undone'),
    entries: [entry(input, at, 'undo')],
    release: claim === null ? [] : [claim],
  }
}

/** The operation of a deferred run begins with what its mark is made of. */
function waitingFor(
  deferreds: readonly { readonly operation: string }[],
  { mark }: { readonly mark: string },
): string | undefined {
  return deferreds.find(({ operation }) => operation === `${mark}/run`)?.operation
}

const waitIsOver = thing.timer('wait-over', Waiting, {
  key: (input) => input.key,
  decide: (state, input, { deferred: open }) => {
    const operation = waitingFor(open, input)
    if (operation === undefined) return { outcome: succeeded() }
    return {
      outcome: succeeded(),
      state: marked(state, input, 'expired'),
      settlements: [{ operation, outcome: rejected('no', {}) }],
    }
  },
})

function waitingHandlers(contract: Contract) {
  return {
    wait: thing.on(contract.wait, {
      key,
      decide: (state, input, { now }) => {
        faultless(input, now, 'refusable')
        if (input.part.run === 'reject') return { outcome: rejected('no', {}) }
        const until = now + input.part.waitMs
        return {
          outcome: deferred({ until }),
          state: marked(state, input, 'waiting'),
          timers: [{ name: 'wait-over', at: until, data: { key: input.key, mark: input.mark } }],
        }
      },
      withdraw: (state, input, at) => {
        faultless(input, at.now, 'certain')
        return input.part.withdraw === 'succeeded'
          ? {
              outcome: succeeded({ paid: true }),
              state: marked(state, input, 'kept'),
              entries: [entry(input, at, 'run')],
            }
          : { outcome: { status: 'withdrawn' }, state: marked(state, input, 'withdrawn') }
      },
    }),
    pay: thing.on(contract.pay, {
      key,
      decide: (state, input, { deferred: open, now }) => {
        const operation = waitingFor(open, input)
        if (operation === undefined) return { outcome: rejected('no', {}) }
        if (input.part.run === 'throw')
          return {
            outcome: succeeded(),
            state: marked(state, input, 'refused'),
            settlements: [{ operation, outcome: rejected('no', {}) }],
          }
        return {
          outcome: succeeded(),
          state: marked(state, input, 'done'),
          entries: [entry(input, { operation, now }, 'run')],
          settlements: [{ operation, outcome: succeeded({ paid: true }) }],
        }
      },
    }),
  }
}

function sqlHandlers(contract: Contract) {
  type Call = Parameters<Parameters<typeof transaction<typeof contract.write.spec>>[1]['handle']>[0]
  const save = async (call: Call, direction: 'run' | 'undo'): Promise<void> => {
    const { tx, input } = call
    const state = (await written.load(tx, [input.key])).get(input.key)
    if (direction === 'undo' && state?.marks[input.mark] !== 'done') return
    if (input.part.also !== null) await written.load(tx, [input.part.also])
    const row = { key: input.key, state: marked(state, input, direction === 'run' ? 'done' : 'undone') }
    await (state === undefined ? written.insert(tx, [row]) : written.update(tx, [row]))
    await ledger.append(tx, [entry(input, call, direction)])
  }
  return {
    write: transaction(contract.write, {
      handle: async (call) => {
        await save(call, 'run')
        // Thrown and rejected after it was written: the savepoint takes it back.
        faultless(call.input, call.now, 'refusable')
        return call.input.part.run === 'reject' ? rejected('no', {}) : succeeded({ written: call.input.mark })
      },
    }),
    rewrite: transaction(contract.rewrite, {
      handle: async (call) => {
        await save(call, 'run')
        faultless(call.input, call.now, 'certain')
        return succeeded()
      },
    }),
    unwrite: transaction(contract.unwrite, {
      handle: async (call) => {
        await save(call, 'undo')
        faultless(call.input, call.now, 'certain')
        return succeeded()
      },
    }),
  }
}

function callingHandlers(contract: Contract, outside: Outside) {
  const on = { provider: 'keyed', timeoutMs: 1_000 } as const
  const ask = (call: { input: Ordered; operation: string; run: string | null; signal: AbortSignal }) =>
    outside.ask(call, { manner: call.input.part.manner, hasKeys: true })
  const refusing = (
    call: { input: Ordered; operation: string; run: string | null; signal: AbortSignal },
    hasKeys: boolean,
  ) =>
    outside.ask(call, {
      manner: call.input.part.run === 'reject' ? 'reject' : call.input.part.manner,
      hasKeys,
    })
  return {
    call: effect(contract.call, { ...on, call: async (call) => refusable(await refusing(call, true)) }),
    uncall: effect(contract.uncall, {
      ...on,
      call: async (call) => {
        await ask(call)
        return succeeded()
      },
    }),
    recall: effect(contract.recall, {
      ...on,
      call: async (call) => {
        await ask(call)
        return succeeded()
      },
    }),
    reguess: effect(contract.reguess, {
      ...on,
      provider: 'keyless',
      onUnknown: 'give up',
      call: async (call) => {
        await refusing({ ...call, input: { ...call.input, part: { ...call.input.part, run: 'ok' } } }, false)
        return succeeded()
      },
    }),
    guess: effect(contract.guess, {
      ...on,
      provider: 'keyless',
      onUnknown: 'give up',
      call: async (call) => refusable(await refusing(call, false)),
    }),
  }
}

function refusable({ status }: { readonly status: string }) {
  return status === 'succeeded' ? succeeded({ called: true }) : rejected('no', {})
}

/** Everybody follows what `a` makes. */
function followsOf(name: ParticipantName) {
  if (name === 'c') return []
  return [
    witness.follow(eventNames.succeeded(contracts.a.make), Anything, {
      key: () => 'all',
      decide: (state, _event, { operation }) => ({
        outcome: succeeded(),
        state: { key: 'all', marks: state?.marks ?? {} },
        entries: [{ operation }],
      }),
    }),
  ]
}
