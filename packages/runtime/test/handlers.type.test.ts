// Owns: what the compiler refuses in handlers, each refusal alone, and the types that rules are given.
import { command, deferred, participant, query, rejected, succeeded } from '@ensemble/core'
import type { Cancel, Schema } from '@ensemble/core'
import { aggregate, effect, implement, transaction } from '../src/handlers.ts'
import type { Entries, Rows, Transaction } from '../src/ports.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const proved = <_ extends true>(): void => undefined

interface Id {
  readonly id: string
}
interface Account {
  readonly balance: number
}
interface Limit {
  readonly limit: number
}
interface Booking {
  readonly amount: number
}

declare const idSchema: Schema<Id>
declare const balanceSchema: Schema<Account>
declare const limitSchema: Schema<Limit>
declare const accountRows: Rows<Account>
declare const limitRows: Rows<Limit>
declare const bookings: Entries<Booking>

const bank = participant('bank', {
  take: command({
    input: idSchema,
    output: balanceSchema,
    rejections: { over_limit: limitSchema, unknown: idSchema },
  }),
  give: command({ input: idSchema }),
  collect: command({
    input: idSchema,
    output: balanceSchema,
    rejections: { expired: idSchema },
    deferred: true,
  }),
  look: query({ input: idSchema, output: balanceSchema }),
})

const accounts = aggregate<Account, { limit: Limit }, Booking>({
  rows: accountRows,
  related: { limit: limitRows },
  entries: bookings,
})
const key = ({ id }: Id): string => id

const take = accounts.on(bank.take, {
  key,
  needs: (input) => ({ related: { limit: input.id }, claims: [`account:${input.id}`] }),
  decide: (state, input, context) => {
    proved<Equal<typeof state, Account | undefined>>()
    proved<Equal<typeof input, Id>>()
    proved<Equal<typeof context.related.limit, Limit | undefined>>()
    proved<Equal<ReturnType<typeof context.holder>, string | null>>()
    if (state === undefined) return { outcome: rejected('unknown', { id: input.id }) }
    if (context.related.limit === undefined) return { outcome: rejected('over_limit', { limit: 0 }) }
    return { outcome: succeeded({ balance: 1 }), state: { balance: 1 }, entries: [{ amount: -1 }] }
  },
})
const give = accounts.on(bank.give, { key, decide: () => ({ outcome: succeeded() }) })
const collect = accounts.on(bank.collect, {
  key,
  decide: (_state, _input, { now }) => ({ outcome: deferred({ until: now + 1 }) }),
  withdraw: (_state, input, { cancel }) => {
    proved<Equal<typeof input, Id>>()
    proved<Equal<typeof cancel, Cancel>>()
    return { outcome: { status: 'withdrawn' } }
  },
})
const look = transaction(bank.look, {
  handle: async ({ tx, input }) => {
    proved<Equal<typeof tx, Transaction>>()
    proved<Equal<typeof input, Id>>()
    return succeeded({ balance: 0 })
  },
})
const called = effect(bank.take, {
  provider: 'bank',
  timeoutMs: 1_000,
  call: async ({ input, operation, run }) => {
    proved<Equal<typeof input, Id>>()
    proved<Equal<typeof operation, string>>()
    proved<Equal<typeof run, string | null>>()
    return succeeded({ balance: 0 })
  },
})

implement(bank, { take, give, collect, look })
implement(bank, { take: called, give, collect, look })

// Undeclared rejections and wrong data.
// @ts-expect-error an aggregate returns an undeclared rejection
accounts.on(bank.take, { key, decide: () => ({ outcome: rejected('undeclared', { id: 'x' }) }) })
// @ts-expect-error an aggregate returns a declared rejection with another's data
accounts.on(bank.take, { key, decide: () => ({ outcome: rejected('unknown', { limit: 1 }) }) })
// @ts-expect-error an aggregate rejects what is certain
accounts.on(bank.give, { key, decide: () => ({ outcome: rejected('unknown', { id: 'x' }) }) })
// @ts-expect-error an aggregate rejects what is certain, with data of no type
accounts.on(bank.give, { key, decide: () => ({ outcome: rejected('unknown', null as never) }) })
// @ts-expect-error a transaction returns an undeclared rejection
transaction(bank.look, { handle: async () => rejected('undeclared', { id: 'x' }) })
// @ts-expect-error an effect returns an undeclared rejection
effect(bank.take, { provider: 'bank', timeoutMs: 1, call: async () => rejected('undeclared', { id: 'x' }) })
accounts.on(bank.take, {
  key,
  decide: (state) => ({
    // @ts-expect-error one branch of a rule returns an undeclared rejection
    outcome: state === undefined ? rejected('undeclared', {}) : succeeded({ balance: 1 }),
  }),
})
// @ts-expect-error the wrong output
accounts.on(bank.take, { key, decide: () => ({ outcome: succeeded({ balance: 'much' }) }) })
// @ts-expect-error no output where one is declared
accounts.on(bank.take, { key, decide: () => ({ outcome: succeeded() }) })
// @ts-expect-error an output where none is declared
accounts.on(bank.give, { key, decide: () => ({ outcome: succeeded({ balance: 1 }) }) })
// @ts-expect-error the wrong output of a transaction
transaction(bank.look, { handle: async () => succeeded({ balance: 'much' }) })
// @ts-expect-error a deferred outcome of a request that is not declared so
accounts.on(bank.take, { key, decide: () => ({ outcome: deferred({ until: 1 }) }) })
// @ts-expect-error a change without an outcome
accounts.on(bank.give, { key, decide: () => ({ state: { balance: 1 } }) })
// @ts-expect-error a state of another type
accounts.on(bank.give, { key, decide: () => ({ outcome: succeeded(), state: { balance: 'much' } }) })
// @ts-expect-error an entry of another type
accounts.on(bank.give, { key, decide: () => ({ outcome: succeeded(), entries: [{ amount: 'much' }] }) })
accounts.on(bank.give, {
  key,
  // @ts-expect-error a related row that was not declared
  needs: () => ({ related: { owner: 'x' } }),
  decide: () => ({ outcome: succeeded() }),
})
// @ts-expect-error a rule that reads a field its input does not have
accounts.on(bank.give, { key, decide: (_state, input) => ({ outcome: succeeded(), claim: [input.nothing] }) })
// @ts-expect-error a promise from a pure rule
accounts.on(bank.give, { key, decide: async () => ({ outcome: succeeded() }) })
accounts.on(bank.collect, {
  key,
  decide: () => ({ outcome: deferred({ until: 1 }) }),
  // @ts-expect-error a withdraw that answers with a rejection
  withdraw: () => ({ outcome: rejected('expired', { id: 'x' }) }),
})

// Handlers left out, and strangers.
// @ts-expect-error a handler is left out
implement(bank, { take, give, collect })
// @ts-expect-error a handler of no request
implement(bank, { take, give, collect, look, burn: give })
