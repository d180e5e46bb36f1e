// Owns: scenes of an aggregate's rules, and that every wrong expectation or impossible rule fails.
import { AssertionError } from 'node:assert'
import { command, deferred, participant, rejected, succeeded } from '@ensemble/core'
import { aggregate } from '@ensemble/runtime'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { specifyRule } from '../src/index.ts'

const Account = z.object({ account: z.string(), amount: z.number().positive() })
const Balance = z.object({ balance: z.number() })

const bank = participant('bank', {
  take: command({
    input: Account,
    output: Balance,
    rejections: { too_much: Balance, unknown: z.object({}) },
  }),
  name: command({
    input: z.object({ account: z.string(), name: z.string() }),
    rejections: { taken: z.object({ by: z.string() }) },
  }),
  wait: command({ input: Account, output: Balance, deferred: true }),
  bad: command({ input: Account, output: Balance }),
})

interface Row {
  readonly balance: number
}

const noRows = { load: async () => new Map(), insert: async () => undefined, update: async () => undefined }
const accounts = aggregate<Row, { limit: { readonly most: number } }, { readonly amount: number }>({
  rows: { name: 'accounts', ...noRows },
  related: { limit: { name: 'limits', ...noRows } },
  entries: { name: 'bookings', append: async () => undefined },
})
const key = ({ account }: { readonly account: string }): string => account

const take = accounts.on(bank.take, {
  key,
  needs: (input) => ({ related: { limit: input.account } }),
  decide: (state, input, { related, now }) => {
    if (state === undefined) return { outcome: rejected('unknown', {}) }
    const balance = state.balance - input.amount
    if (balance < -(related.limit?.most ?? 0))
      return { outcome: rejected('too_much', { balance: state.balance }) }
    return {
      outcome: succeeded({ balance }),
      state: { balance },
      entries: [{ amount: -input.amount }],
      timers: [{ name: 'statement', at: now + 1_000, data: null }],
    }
  },
})
const name = accounts.on(bank.name, {
  key,
  needs: (input) => ({ claims: [`name:${input.name}`] }),
  decide: (_state, input, { holder }) => {
    const by = holder(`name:${input.name}`)
    return by === null
      ? { outcome: succeeded(), claim: [`name:${input.name}`] }
      : { outcome: rejected('taken', { by }) }
  },
})
const wait = accounts.on(bank.wait, {
  key,
  decide: (state, _input, { now }) => ({
    outcome: deferred({ until: now + 5 }),
    state: state ?? { balance: 0 },
  }),
  withdraw: (state, _input, { cancel }) =>
    state === undefined
      ? { outcome: { status: 'withdrawn' }, events: [{ name: 'bank.left', data: cancel.reason }] }
      : { outcome: succeeded({ balance: state.balance }) },
})
const paid = accounts.follow('till.paid', Account, {
  key,
  decide: (state, input, context) => ({
    outcome: succeeded(),
    state: { balance: (state?.balance ?? 0) + input.amount },
    settlements: context.deferred.map(({ operation }) => ({ operation, outcome: succeeded({ balance: 0 }) })),
  }),
})

const input = { account: 'a', amount: 30 }

describe('a rule', () => {
  test('is given state, related rows and time, and says the whole change', () => {
    specifyRule(take)
      .when(input)
      .then({ outcome: rejected('unknown', {}) })
    specifyRule(take)
      .given({ state: { balance: 10 } })
      .when(input)
      .then({ outcome: rejected('too_much', { balance: 10 }) })
    specifyRule(take)
      .given({ state: { balance: 10 }, related: { limit: { most: 20 } }, now: 500 })
      .when(input)
      .then({
        outcome: succeeded({ balance: -20 }),
        state: { balance: -20 },
        entries: [{ amount: -30 }],
        timers: [{ name: 'statement', at: 1_500, data: null }],
      })
  })

  test('is given claims', () => {
    const ann = { account: 'a', name: 'ann' }
    specifyRule(name)
      .when(ann)
      .then({ outcome: succeeded(), claim: ['name:ann'] })
    specifyRule(name)
      .given({ claims: { 'name:ann': 'accounts/b' } })
      .when(ann)
      .then({ outcome: rejected('taken', { by: 'accounts/b' }) })
  })

  test('defers, is withdrawn, and settles what was deferred', () => {
    specifyRule(wait)
      .given({ now: 10 })
      .when(input)
      .then({ outcome: deferred({ until: 15 }), state: { balance: 0 } })
    specifyRule(wait)
      .whenWithdrawn(input, { by: 'customer', reason: 'bored' })
      .then({ outcome: { status: 'withdrawn' }, events: [{ name: 'bank.left', data: 'bored' }] })
    specifyRule(paid)
      .given({
        state: { balance: 1 },
        deferred: [{ operation: 'o/1/wait/run', request: 'wait' }],
        saga: null,
      })
      .when(input)
      .then({
        outcome: succeeded(),
        state: { balance: 31 },
        settlements: [{ operation: 'o/1/wait/run', outcome: succeeded({ balance: 0 }) }],
      })
  })
})

describe('a wrong scene fails', () => {
  test('when the change is another, with the scene and the difference', () => {
    const wrong = (): void =>
      specifyRule(paid)
        .when(input)
        .then({ outcome: succeeded(), state: { balance: 31 }, settlements: [] })
    expect(wrong).toThrow(AssertionError)
    expect(wrong).toThrow(/^till\.paid: when it comes\n/)
    expect(wrong).toThrow(/\+ +balance: 30\n- +balance: 31/)
  })

  test('when the change has more or less than expected', () => {
    const { then } = specifyRule(paid).when(input)
    const whole = { outcome: succeeded(), state: { balance: 30 }, settlements: [] }
    expect(() => then({ outcome: succeeded(), state: { balance: 30 } })).toThrow(AssertionError)
    expect(() => then({ ...whole, events: [] })).toThrow(AssertionError)
    expect(() => then({ ...whole, events: undefined } as never)).not.toThrow()
    expect(() => then(whole)).not.toThrow()
  })

  test('when input or outcome do not match the contract', () => {
    expect(() => specifyRule(take).when({ account: 'a', amount: -1 })).toThrow(
      /^bank\.take: input does not match/,
    )
    const bad = accounts.on(bank.bad, {
      key,
      decide: () => ({ outcome: succeeded({ balance: Number.NaN }) }),
    })
    expect(() => specifyRule(bad).when(input)).toThrow(/^bank\.bad: output does not match/)
  })

  test('when the rule looks at or changes what its needs do not name', () => {
    const peeks = accounts.on(bank.bad, {
      key,
      decide: (_state, _input, { holder }) => ({
        outcome: succeeded({ balance: (holder('x') ?? '').length }),
      }),
    })
    expect(() => specifyRule(peeks).when(input)).toThrow("bank.bad looks up 'x', which its needs do not name")
    const changes = accounts.on(bank.bad, {
      key,
      decide: () => ({ outcome: succeeded({ balance: 1 }), related: { limit: { most: 1 } } }),
    })
    expect(() => specifyRule(changes).when(input)).toThrow(
      "bank.bad changes related 'limit', which its needs do not name",
    )
  })

  test('when a rule without one is withdrawn', () => {
    expect(() => specifyRule(take).whenWithdrawn(input, { by: 'x', reason: 'y' })).toThrow(
      'bank.take has no rule for its withdrawal',
    )
  })
})
