// Owns: the two participants of the measured work, with public packages and aggregates only.
import { deferred, rejected, succeeded } from '@ensemble/core'
import { sqlFile, tableEntries, tableRows } from '@ensemble/postgres'
import { aggregate, implement, type Implementation } from '@ensemble/runtime'
import { orders, payments } from './contracts.ts'

interface Row {
  readonly id: string
  readonly status: string
  readonly total: number
  readonly marks: number
  readonly note: string
}

interface Entry {
  readonly id: string
  readonly account: string
  readonly amount: number
}

const statement = (name: string) => sqlFile(new URL(`./sql/${name}.sql`, import.meta.url))

const rowsOf = (table: string) =>
  tableRows<Row>({
    name: table,
    load: statement(`${table}_load`),
    insert: statement(`${table}_insert`),
    update: statement(`${table}_update`),
    decode: (row) => ({
      id: String(row['id']),
      status: String(row['status']),
      total: Number(row['total']),
      marks: Number(row['marks']),
      note: String(row['note']),
    }),
    key: ({ id }) => id,
    encode: (row) => ({ ...row }),
  })

const order = aggregate({ rows: rowsOf('bench_order') })
const payment = aggregate({
  rows: rowsOf('bench_payment'),
  entries: tableEntries<Entry>({
    name: 'bench_ledger',
    insert: statement('bench_ledger_insert'),
    encode: (entry) => ({ ...entry }),
  }),
})

const key = ({ id }: { readonly id: string }): string => id
const change = (changed: (state: Row) => Partial<Row>) => ({
  key,
  decide: (state: Row | undefined) => ({
    ...(state !== undefined && { state: { ...state, ...changed(state) } }),
    outcome: succeeded(),
  }),
})
const to = (status: string) => change(() => ({ status }))
const born = (status: string) => ({
  key,
  decide: (_state: Row | undefined, { id, total, note }: Pick<Row, 'id' | 'total' | 'note'>) => ({
    state: { id, status, total, marks: 0, note },
    outcome: succeeded(),
  }),
})
const mark = change(({ marks }) => ({ marks: marks + 1 }))
const unmark = change(({ marks }) => ({ marks: marks - 1 }))
/** Long after everything that is measured. */
const WAITS_MS = 7 * 86_400_000

export const orderService: Implementation = implement(orders, {
  open: order.on(orders.open, born('pending')),
  fail: order.on(orders.fail, to('failed')),
  mark: order.on(orders.mark, mark),
  unmark: order.on(orders.unmark, unmark),
  complete: order.on(orders.complete, to('complete')),
})

export const paymentService: Implementation = implement(payments, {
  prepare: payment.on(payments.prepare, born('prepared')),
  cancel: payment.on(payments.cancel, to('cancelled')),
  mark: payment.on(payments.mark, mark),
  unmark: payment.on(payments.unmark, unmark),
  charge: payment.on(payments.charge, {
    key,
    decide: (state, { id, total, refused }) => {
      if (refused || state === undefined) return { outcome: rejected('declined', { id }) }
      const entries = [
        { id, account: 'customer', amount: -total },
        { id, account: 'shop', amount: total },
      ]
      return { state: { ...state, status: 'paid' }, entries, outcome: succeeded() }
    },
  }),
  collect: payment.on(payments.collect, {
    key,
    decide: (state, _input, { now }) => ({
      ...(state !== undefined && { state: { ...state, status: 'waiting' } }),
      outcome: deferred({ until: now + WAITS_MS }),
    }),
    withdraw: () => ({ outcome: { status: 'withdrawn' } }),
  }),
})
