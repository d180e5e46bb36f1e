// Owns: the operation rows in SQL. Does not own what they mean (DESIGN section 5).
// I1: one statement for each call, whatever the number of rows; none for no rows.
// I2: an update raises MOVED inside its own statement, so COMMIT may be on its way behind it.
import type { Cancel } from '@ensemble/core'
import type { OperationRow, OperationStatus, OperationStore } from '@ensemble/runtime'
import {
  integer,
  jsonOrNull,
  jsonText,
  sorted,
  text,
  textOrNull,
  timeOrNull,
  timeText,
  timeTextOrNull,
} from './columns.ts'
import type { Columns } from './columns.ts'
import { statement } from './statements.ts'

const LOAD = statement('operation_load')
const INSERT = statement('operation_insert')
const INSERT_ANSWERS = statement('operation_insert_answers')
const UPDATE = statement('operation_update')
const CLAIM_DUE = statement('operation_claim_due')
const PRUNE = statement('operation_prune')

export const operationStore: OperationStore = {
  load: async (tx, { ids, deferredOf }) => {
    if (ids.length === 0 && deferredOf.length === 0) return []
    const owners = deferredOf.map(({ owner }) => owner)
    const keys = deferredOf.map(({ key }) => key)
    const { rows } = await tx.query(LOAD, [ids, owners, keys])
    return rows.map(operationOf)
  },

  insert: async (tx, given) => {
    if (given.length === 0) return
    const rows = sorted(given, ({ id }) => id)
    const named = [
      rows.map(({ id }) => id),
      rows.map(({ status }) => status),
      rows.map(({ owner }) => owner),
      rows.map(({ key }) => key),
    ]
    if (rows.every(isOnlyAnswer)) await tx.query(INSERT_ANSWERS, [...named, rows.map(({ sent }) => sent)])
    else await tx.query(INSERT, [...named, ...changeable(rows)])
  },

  update: async (tx, rows) => {
    if (rows.length === 0) return
    await tx.query(UPDATE, [
      rows.map(({ id }) => id),
      rows.map(({ status }) => status),
      ...changeable(rows),
      rows.map(({ version }) => version),
      rows.length,
    ])
  },

  claimDue: async (tx, { owners, leaseMs, countMax }) => {
    if (owners.length === 0) return []
    const { rows } = await tx.query(CLAIM_DUE, [owners, Math.ceil(leaseMs), countMax])
    return rows.map(operationOf)
  },

  prune: async (tx, { before, countMax }) => (await tx.query(PRUNE, [timeText(before), countMax])).count,
}

/** Nothing else that `changeable` has is said of it. */
function isOnlyAnswer({ attempt, origin, wish, again, dueAt, doubt, parked }: OperationRow): boolean {
  const isSaid = origin !== null || wish !== null || dueAt !== null || parked !== null
  return attempt === 0 && again === 0 && !doubt && !isSaid
}

function changeable(rows: readonly OperationRow[]): readonly unknown[] {
  return [
    rows.map(({ attempt }) => attempt),
    rows.map(({ origin }) => origin),
    rows.map(({ sent }) => sent),
    rows.map(({ wish }) => jsonText(wish)),
    rows.map(({ again }) => again),
    rows.map(({ dueAt }) => timeTextOrNull(dueAt)),
    rows.map(({ doubt }) => doubt),
    rows.map(({ parked }) => parked),
  ]
}

function operationOf(row: Columns): OperationRow {
  return {
    id: text(row, 'id'),
    status: text(row, 'status') as OperationStatus,
    owner: text(row, 'owner'),
    key: text(row, 'key'),
    attempt: integer(row, 'attempt'),
    origin: textOrNull(row, 'origin'),
    sent: textOrNull(row, 'sent'),
    wish: jsonOrNull<Cancel>(row, 'wish'),
    again: integer(row, 'again'),
    dueAt: timeOrNull(row, 'due_at'),
    doubt: row['doubt'] === true,
    parked: textOrNull(row, 'parked'),
    version: integer(row, 'version'),
  }
}
