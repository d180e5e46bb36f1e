// Owns: how the made-up participants do what a step's part says: rules on a row, and the assembly of all forms of
// handlers.
import { deferred, eventNames, rejected, succeeded } from '@ensemble/core'
import { aggregate, implement, type Implementation } from '@ensemble/runtime'
import type { Outside } from '../outside.ts'
import { callingHandlers } from './calls.ts'
import {
  Anything,
  contracts,
  Waiting,
  type Contract,
  type Ordered,
  type ParticipantName,
} from './contracts.ts'
import {
  entry,
  faultless,
  followed,
  leaves,
  ledger,
  marked,
  seen,
  things,
  type At,
  type Recorded,
  type Thing,
} from './tables.ts'
import { sqlHandlers } from './written.ts'

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
const witness = aggregate<Thing, Record<never, never>, { readonly operation: string }>({
  rows: seen,
  entries: followed,
})
const keyIn = (input: Ordered): string => input.key

function poison(outside: Outside, { mark, part }: Ordered): void {
  if (part.kills !== 'never') outside.poison({ mark, isRepairable: part.kills === 'for a while' })
}

function makingHandlers(contract: Contract, outside: Outside) {
  const claims = ({ part }: Ordered) =>
    part.claim === null || !part.namesClaim ? {} : { claims: [part.claim] }
  const key = (input: Ordered): string => {
    if (input.part.killsFrom !== null) outside.poisonFrom(input.part.killsFrom)
    return keyIn(input)
  }
  const killing = (input: Ordered): string => {
    const { mark, part } = input
    if (part.killsAgainFrom !== null)
      outside.poison({ mark: `${mark} again`, isRepairable: false, from: part.killsAgainFrom })
    return key(input)
  }
  return {
    look: thing.on(contract.look, {
      key: killing,
      decide: (_state, input, { now }) => {
        faultless(input, now, 'refusable')
        return { outcome: input.part.run === 'reject' ? rejected('no', {}) : succeeded() }
      },
    }),
    make: thing.on(contract.make, {
      key: killing,
      needs: claims,
      decide: (state, input, at) => {
        poison(outside, input)
        const mark = leaves(input, at.now, { work: 'refusable', mark: 'done' })
        const { claim } = input.part
        if (
          input.part.run === 'reject' ||
          (claim !== null && input.part.namesClaim && at.holder(claim) !== null)
        )
          return { outcome: rejected('no', {}) }
        return {
          outcome: succeeded({ made: input.mark }),
          state: marked(state, input, mark),
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
        poison(outside, input)
        const mark = leaves(input, at.now, { work: 'certain', mark: 'done' })
        return {
          outcome: succeeded(),
          state: marked(state, input, mark),
          entries: [entry(input, at, 'run')],
        }
      },
    }),
  }
}

/** An undo of what is not there succeeds and changes nothing. */
function unmade(state: Thing | undefined, input: Ordered, at: At) {
  const mark = leaves(input, at.now, { work: 'certain', mark: 'undone' })
  const before = state?.marks[input.mark]
  if (before !== 'done' && before !== 'kept') return { outcome: succeeded() }
  const { claim } = input.part
  return {
    outcome: succeeded(),
    state: marked(state, input, mark),
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
      key: keyIn,
      decide: (state, input, { now }) => {
        const mark = leaves(input, now, { work: 'refusable', mark: 'waiting' })
        if (input.part.run === 'reject') return { outcome: rejected('no', {}) }
        const until = now + input.part.waitMs
        return {
          outcome: deferred({ until }),
          state: marked(state, input, mark),
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
      key: keyIn,
      decide: (state, input, at) => {
        const operation = waitingFor(at.deferred, input)
        const payment = entry({ ...input, mark: at.operation }, at, 'run')
        // What comes too early or too late is refused, or kept all the same.
        if (operation === undefined)
          return input.amount % 2 === 0
            ? { outcome: succeeded(), entries: [payment] }
            : { outcome: rejected('no', {}) }
        return {
          outcome: succeeded(),
          state: marked(state, input, 'done'),
          entries: [payment, entry(input, { operation, now: at.now }, 'run')],
          settlements: [{ operation, outcome: succeeded({ paid: true }) }],
        }
      },
    }),
  }
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
