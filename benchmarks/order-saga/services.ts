// Owns: the two participants of the measured work, with public packages and aggregates only.
import { rejected, succeeded } from '@ensemble/core'
import { sqlFile, tableEntries, tableRows } from '@ensemble/postgres'
import { aggregate, implement, type Implementation } from '@ensemble/runtime'
import { orders, payments } from './contracts.ts'

interface Row {
  readonly id: string
  readonly status: string
  readonly total: number
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
    decode: (row) => ({ id: String(row['id']), status: String(row['status']), total: Number(row['total']) }),
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
const to = (status: string) => ({
  key,
  decide: (state: Row | undefined) => ({
    ...(state !== undefined && { state: { ...state, status } }),
    outcome: succeeded(),
  }),
})

export const orderService: Implementation = implement(orders, {
  open: order.on(orders.open, {
    key,
    decide: (_state, { id, total }) => ({ state: { id, status: 'pending', total }, outcome: succeeded() }),
  }),
  fail: order.on(orders.fail, to('failed')),
  complete: order.on(orders.complete, to('complete')),
})

export const paymentService: Implementation = implement(payments, {
  prepare: payment.on(payments.prepare, {
    key,
    decide: (_state, { id, total }) => ({ state: { id, status: 'prepared', total }, outcome: succeeded() }),
  }),
  cancel: payment.on(payments.cancel, to('cancelled')),
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
})
