// A saga with a bug that no test of one saga finds, and the same saga without it. A shop sells on account: a customer
// may owe at most LIMIT. `hastySale` asks first and charges later; between the two another sale of the same customer
// is charged. `sale` holds the credit instead, so that the account's own row decides.
import { command, participant, query, rejected, saga, succeeded, type Plan } from '@ensemble/core'
import { memoryRows } from '@ensemble/memory'
import { aggregate, implement } from '@ensemble/runtime'
import { z } from 'zod'

export const LIMIT = 100
export const ITEMS = 1_000

const Sale = z.object({ customer: z.string(), item: z.string(), amount: z.number().int().positive() })
export type Sale = z.infer<typeof Sale>

const accounts = participant('accounts', {
  ask: query({ input: Sale, rejections: { over_limit: Sale }, event: 'credit-found' }),
  hold: command({ input: Sale, rejections: { over_limit: Sale }, event: 'credit-held' }),
  free: command({ input: Sale, event: 'credit-freed' }),
  charge: command({ input: Sale, event: 'charged' }),
  /** Charges what is held. */
  settle: command({ input: Sale, event: 'charged-held' }),
})
const stock = participant('stock', {
  reserve: command({ input: Sale, rejections: { sold_out: Sale }, event: 'reserved' }),
  release: command({ input: Sale, event: 'released' }),
  ship: command({ input: Sale, event: 'shipped' }),
})

// region wrong
export const hastySale: Plan<Sale> = saga('sale.hasty', { version: 1, input: Sale })
  .check('askCredit', { run: accounts.ask(({ input }) => input) })
  .compensatable('reserve', {
    run: stock.reserve(({ input }) => input),
    undo: stock.release(({ input }) => input),
  })
  .pivot('charge', { run: accounts.charge(({ input }) => input) })
  .retriable('ship', { run: stock.ship(({ input }) => input) })
  .end({})
// endregion

// region right
export const sale: Plan<Sale> = saga('sale', { version: 1, input: Sale })
  .compensatable('holdCredit', {
    run: accounts.hold(({ input }) => input),
    undo: accounts.free(({ input }) => input),
  })
  .compensatable('reserve', {
    run: stock.reserve(({ input }) => input),
    undo: stock.release(({ input }) => input),
  })
  .pivot('charge', { run: accounts.settle(({ input }) => input) })
  .retriable('ship', { run: stock.ship(({ input }) => input) })
  .end({})
// endregion

interface Account {
  readonly customer: string
  /** Of sales that are not charged yet. */
  readonly held: number
  readonly owed: number
}

export const accountRows = memoryRows<Account>({ name: 'account', key: ({ customer }) => customer })
const account = aggregate({ rows: accountRows })
const ofCustomer = ({ customer }: Sale): string => customer
const blank = ({ customer }: Sale): Account => ({ customer, held: 0, owed: 0 })
const isOver = ({ held, owed }: Account, { amount }: Sale): boolean => held + owed + amount > LIMIT

export const accountService = implement(accounts, {
  ask: account.on(accounts.ask, {
    key: ofCustomer,
    decide: (state, input) => ({
      outcome: isOver(state ?? blank(input), input) ? rejected('over_limit', input) : succeeded(),
    }),
  }),
  hold: account.on(accounts.hold, {
    key: ofCustomer,
    decide: (found, input) => {
      const state = found ?? blank(input)
      if (isOver(state, input)) return { outcome: rejected('over_limit', input) }
      return { outcome: succeeded(), state: { ...state, held: state.held + input.amount } }
    },
  }),
  free: account.on(accounts.free, {
    key: ofCustomer,
    decide: (found, input) => {
      const state = found ?? blank(input)
      return { outcome: succeeded(), state: { ...state, held: state.held - input.amount } }
    },
  }),
  charge: account.on(accounts.charge, {
    key: ofCustomer,
    decide: (found, input) => {
      const state = found ?? blank(input)
      return { outcome: succeeded(), state: { ...state, owed: state.owed + input.amount } }
    },
  }),
  settle: account.on(accounts.settle, {
    key: ofCustomer,
    decide: (found, input) => {
      const { held, owed } = found ?? blank(input)
      const state = { customer: input.customer, held: held - input.amount, owed: owed + input.amount }
      return { outcome: succeeded(), state }
    },
  }),
})

interface Shelf {
  readonly item: string
  readonly left: number
  readonly reserved: number
}

export const shelfRows = memoryRows<Shelf>({ name: 'shelf', key: ({ item }) => item })
const shelf = aggregate({ rows: shelfRows })
const ofItem = ({ item }: Sale): string => item
const full = ({ item }: Sale): Shelf => ({ item, left: ITEMS, reserved: 0 })

export const stockService = implement(stock, {
  reserve: shelf.on(stock.reserve, {
    key: ofItem,
    decide: (found, input) => {
      const state = found ?? full(input)
      if (state.left === 0) return { outcome: rejected('sold_out', input) }
      return { outcome: succeeded(), state: { ...state, left: state.left - 1, reserved: state.reserved + 1 } }
    },
  }),
  release: shelf.on(stock.release, {
    key: ofItem,
    decide: (found, input) => {
      const state = found ?? full(input)
      return { outcome: succeeded(), state: { ...state, left: state.left + 1, reserved: state.reserved - 1 } }
    },
  }),
  ship: shelf.on(stock.ship, {
    key: ofItem,
    decide: (found, input) => {
      const state = found ?? full(input)
      return { outcome: succeeded(), state: { ...state, reserved: state.reserved - 1 } }
    },
  }),
})
