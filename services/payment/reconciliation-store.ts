// Owns: which payments something is still expected of, and the last look at those that are late, in SQL.
// I1: the turn of a pass is one row, moved by the database's clock: one instance has it in an interval.
// I2: a late payment that was taken is put off in the same statement, so it is taken once in an interval.
import { sqlFolder } from '@ensemble/postgres'
import type { Database, Row, Transaction } from '@ensemble/runtime'
import { momentOf, nameIn, PAYMENT_STATUS } from '@ensemble/service-contracts'
import { isOpen, type Payment } from './payment.ts'

/** What is taken at a time. */
export const RECONCILE_COUNT_MAX = 100

export interface Late {
  readonly uuid: string
  /** Its due date has passed and it was not closed; else its order has not said that it heard. */
  readonly isOpen: boolean
}

export interface Tally {
  readonly late: number
  readonly sent: number
  readonly closed: number
  readonly unhealed: number
}

export interface Reconciliation extends Tally {
  readonly begunAt: number
  /** Null while the first pass runs. */
  readonly endedAt: number | null
}

export interface Reconciliations {
  /** Whether it is the caller's turn: nobody has begun in the last `everyMs`. */
  begin(everyMs: number): Promise<boolean>
  /** Takes what has been late for `graceMs`, at most RECONCILE_COUNT_MAX. */
  late(graceMs: number): Promise<readonly Late[]>
  end(tally: Tally): Promise<void>
  last(): Promise<Reconciliation | undefined>
  /** Nothing more is expected of these. */
  heard(tx: Transaction, uuids: readonly string[]): Promise<void>
}

const sql = sqlFolder(new URL('./sql/', import.meta.url))
const BEGIN = sql('reconciliation-begin')
const CLAIM = sql('watch-claim')
const STATUSES = sql('payments-settled')
const END = sql('reconciliation-end')
const LAST = sql('reconciliation-last')
const PUT = sql('watch-put')
const DROP = sql('watch-drop')

export function reconciliations(database: Pick<Database, 'query'>): Reconciliations {
  return {
    begin: async (everyMs) => (await database.query(BEGIN, [everyMs])).rows.length > 0,
    late: async (graceMs) => {
      const claimed = await database.query(CLAIM, [graceMs, RECONCILE_COUNT_MAX])
      const uuids = claimed.rows.map((row) => String(row['uuid']))
      if (uuids.length === 0) return []
      const { rows } = await database.query(STATUSES, [uuids])
      return rows.map((row) => {
        const status = nameIn(PAYMENT_STATUS, String(row['id_payment_status']))
        return { uuid: String(row['uuid']), isOpen: status === 'Pending' || status === 'Waiting' }
      })
    },
    end: async ({ late, sent, closed, unhealed }) => {
      await database.query(END, [late, sent, closed, unhealed])
    },
    last: async () => {
      const [row] = (await database.query(LAST)).rows
      if (row === undefined) return undefined
      return {
        begunAt: Number(row['begun_at']),
        endedAt: row['ended_at'] === null ? null : Number(row['ended_at']),
        late: Number(row['late_count']),
        sent: Number(row['sent_count']),
        closed: Number(row['closed_count']),
        unhealed: Number(row['unhealed_count']),
      }
    },
    heard: async (tx, uuids) => {
      await tx.query(DROP, [uuids])
    },
  }
}

/** Expects of an open payment that it is settled by its due date, of a settled one that its order hears. */
export async function watch(tx: Transaction, rows: readonly Row<Payment>[]): Promise<void> {
  if (rows.length === 0) return
  const watched = rows.map(({ state }) => ({
    uuid: state.uuid,
    check_at: momentOf(isOpen(state) ? state.dueAt : state.updatedAt),
  }))
  await tx.query(PUT, [JSON.stringify(watched.sort((a, b) => (a.uuid < b.uuid ? -1 : 1)))])
}
