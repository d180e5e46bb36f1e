// Owns: the payments', ledger's and credits' tables in SQL: what a row is in memory, and the reads of the API.
// Does not own what a payment may do (payment.ts).
import { sqlFolder, tableEntries, tableReads, tableRows, type Reads } from '@ensemble/postgres'
import type { Entries, Queryable, Rows } from '@ensemble/runtime'
import {
  momentOf,
  nameOf,
  PAYMENT_MODEL,
  PAYMENT_STATUS,
  rowIdOf,
  type PaymentRow,
} from '@ensemble/service-contracts'
import { watch } from './reconciliation-store.ts'
import { resultOf, type Credit, type Payment, type PaymentEntry } from './payment.ts'

type Columns = Readonly<Record<string, unknown>>

const sql = sqlFolder(new URL('./sql/', import.meta.url))

const paymentTable = tableRows<Payment>({
  name: 'tb_payment',
  load: sql('payments-load'),
  insert: sql('payments-insert'),
  update: sql('payments-update'),
  decode: paymentOf,
  key: ({ uuid }) => uuid,
  encode: columnsOf,
})

/** Whatever is stored of a payment says, in the same transaction, what is expected of it next. */
export const paymentRows: Rows<Payment> = {
  ...paymentTable,
  insert: async (tx, rows) => {
    await Promise.all([paymentTable.insert(tx, rows), watch(tx, rows)])
  },
  update: async (tx, rows) => {
    await Promise.all([paymentTable.update(tx, rows), watch(tx, rows)])
  },
}

export const creditRows: Rows<Credit> = tableRows<Credit>({
  name: 'tb_payment_credit',
  load: sql('credits-load'),
  insert: sql('credits-insert'),
  update: sql('credits-update'),
  decode: (row) => ({
    userId: String(row['uuid_user']),
    open: Number(row['open_total']),
    version: Number(row['version']),
  }),
  key: ({ userId }) => userId,
  encode: ({ userId, open, version }) => ({ uuid_user: userId, open_total: open, version }),
})

export const paymentEntries: Entries<PaymentEntry> = tableEntries<PaymentEntry>({
  name: 'tb_payment_entry',
  insert: sql('entries-append'),
  encode: ({ paymentId, operation, kind, amount, bankAccountNumber, at }) => ({
    uuid_payment: paymentId,
    operation,
    kind,
    amount,
    bank_account_number: bankAccountNumber,
    created_at: momentOf(at),
  }),
})

const READS = {
  get: sql('payment-get'),
  list: sql('payment-list'),
  count: sql('payment-count'),
  owned: { list: sql('payment-list-owned'), count: sql('payment-count-owned') },
  decode: rowOf,
}

export type PaymentReads = Reads<PaymentRow>

/** What the API reads; as fresh as `read` is. */
export function paymentReads(read: Queryable): PaymentReads {
  return tableReads(read, READS)
}

const THERE = sql('payments-there')

/** Those of the ids of which there is a payment. */
export function paymentsThere(
  database: Queryable,
): (orderIds: readonly string[]) => Promise<ReadonlySet<string>> {
  return async (orderIds) => {
    const { rows } = await database.query(THERE, [orderIds])
    return new Set(rows.map((row) => String(row['uuid'])))
  }
}

function rowOf(row: Columns): PaymentRow {
  return { id_payment: String(row['id_payment']), ...resultOf(paymentOf(row)) }
}

function paymentOf(row: Columns): Payment {
  return {
    uuid: String(row['uuid']),
    userId: String(row['uuid_user']),
    model: nameOf(PAYMENT_MODEL, String(row['id_payment_model'])),
    status: nameOf(PAYMENT_STATUS, String(row['id_payment_status'])),
    because: becauseOf(row['failed_because']),
    inquiryNumber: String(row['inquiry_number']),
    bankName: String(row['nm_bank']),
    bankAccountNumber: String(row['bank_account_number']),
    amountDue: row['payment_order'] === null ? null : Number(row['payment_order']),
    received: Number(row['payment_total']),
    changed: Number(row['change_total']),
    refunded: Number(row['refund_total']),
    dueAt: Number(row['due_date']),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
    version: Number(row['version']),
  }
}

/** The table allows nothing else. */
function becauseOf(value: unknown): Payment['because'] {
  return value === 'expired' || value === 'cancelled' ? value : null
}

function columnsOf(state: Payment): Columns {
  return {
    id_payment: rowIdOf(state.uuid),
    uuid: state.uuid,
    uuid_user: state.userId,
    id_payment_status: PAYMENT_STATUS[state.status],
    id_payment_model: PAYMENT_MODEL[state.model],
    failed_because: state.because,
    inquiry_number: state.inquiryNumber,
    bank_account_number: state.bankAccountNumber,
    nm_bank: state.bankName,
    payment_total: state.received,
    change_total: state.changed,
    refund_total: state.refunded,
    payment_order: state.amountDue,
    due_date: momentOf(state.dueAt),
    created_at: momentOf(state.createdAt),
    updated_at: momentOf(state.updatedAt),
    version: state.version,
  }
}
