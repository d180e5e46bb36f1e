// Owns: the start rows in SQL. I1: load and insert send plain text to a transaction of somebody else's, so any
// `query(text, values)` will do.
import type { Pattern } from '@ensemble/core'
import type { Queryable, StartEnd, StartRow, StartStore } from '@ensemble/runtime'
import type { Statement } from '../database/statement.ts'
import { distinct, integer, isNull, jsonOrNull, jsonText, sorted, text, time, timeText } from './columns.ts'
import type { Columns } from './columns.ts'
import { statement } from './statements.ts'

const LOAD = statement('start_load')
const INSERT = statement('start_insert')
const ENDED = statement('start_ended')
const PRUNE = statement('start_prune')

export const startStore: StartStore = {
  load: async (tx, given) => {
    if (given.length === 0) return []
    const ids = distinct(given, ({ plan, id }) => `${plan}/${id}`)
    const { rows } = await tx.query(sent(LOAD, tx), [ids.map(({ plan }) => plan), ids.map(({ id }) => id)])
    return rows.map(startOf)
  },

  insert: async (tx, given) => {
    if (given.length === 0) return
    const rows = sorted(given, ({ saga }) => `${saga.plan}/${saga.id}`)
    await tx.query(sent(INSERT, tx), [
      rows.map(({ saga }) => saga.plan),
      rows.map(({ saga }) => saga.id),
      rows.map(({ saga }) => saga.pattern),
      rows.map(({ version }) => version),
      rows.map(({ inputFingerprint }) => inputFingerprint),
      rows.map(({ sent }) => sent),
      rows.map(({ startedAt }) => timeText(startedAt)),
      rows.map(({ ended }) => ended?.status ?? null),
      rows.map(({ ended }) => jsonText(ended?.data)),
    ])
  },

  ended: async (tx, given) => {
    if (given.length === 0) return
    const key = ({ saga }: StartEnd): string => `${saga.plan}/${saga.id}`
    // Nothing has locked these rows; the statement does, in this order.
    const ends = sorted(distinct(given, key), key)
    await tx.query(ENDED, [
      ends.map(({ saga }) => saga.plan),
      ends.map(({ saga }) => saga.id),
      ends.map(({ status }) => status),
      ends.map(({ data }) => jsonText(data)),
    ])
  },

  prune: async (tx, { before, countMax }) => (await tx.query(PRUNE, [timeText(before), countMax])).count,
}

/** Our own transactions and databases prepare statements by name. */
function sent(given: Statement, tx: Queryable): Statement | string {
  return 'defer' in tx || 'stores' in tx ? given : given.text
}

function startOf(row: Columns): StartRow {
  const status = row['ended_status'] === 'compensated' ? 'compensated' : 'completed'
  return {
    saga: { plan: text(row, 'plan'), id: text(row, 'id'), pattern: text(row, 'pattern') as Pattern },
    version: integer(row, 'version'),
    inputFingerprint: text(row, 'input_fingerprint'),
    sent: text(row, 'sent'),
    startedAt: time(row, 'started_at'),
    ended: isNull(row, 'ended_status') ? null : { status, data: jsonOrNull<unknown>(row, 'ended_data') },
  }
}
