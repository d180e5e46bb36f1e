// Owns: messages that wait in SQL: those with a due time, and those that may not be on the bus yet.
// I1: a pack of messages is one row and is never split.
import { BATCH_LENGTH_MAX } from '@ensemble/runtime'
import type { OutboxStore, ScheduledStore } from '@ensemble/runtime'
import { messages, messagesText, text, time, timeText } from './columns.ts'
import type { Columns } from './columns.ts'
import { statement } from './statements.ts'

const SCHEDULED_INSERT = statement('scheduled_insert')
const SCHEDULED_TAKE_DUE = statement('scheduled_take_due')
const SCHEDULED_NEXT_DUE = statement('scheduled_next_due')
const OUTBOX_INSERT = statement('outbox_insert').text
const OUTBOX_REMOVE = statement('outbox_remove')
const OUTBOX_CLAIM = statement('outbox_claim')

export const scheduledStore: ScheduledStore = {
  insert: async (tx, given) => {
    const rows = given.filter((row) => row.messages.length > 0)
    if (rows.length === 0) return
    await tx.query(SCHEDULED_INSERT, [
      rows.map(({ dueAt }) => timeText(dueAt)),
      rows.map((row) => row.messages.length),
      rows.map((row) => messagesText(row.messages)),
    ])
  },

  takeDue: async (tx, countMax) => {
    const { rows } = await tx.query(SCHEDULED_TAKE_DUE, [countMax, BATCH_LENGTH_MAX])
    return oldestFirst(rows, 'due_at').flatMap((row) => messages(row, 'messages'))
  },

  nextDue: async (tx) => {
    const [row] = (await tx.query(SCHEDULED_NEXT_DUE)).rows
    return row === undefined ? null : time(row, 'due_at')
  },
}

export const outboxStore: OutboxStore = {
  insert: async (tx, row) => {
    await tx.query(OUTBOX_INSERT, [row.id, messagesText(row.messages), Math.ceil(row.claimAfterMs)])
  },

  remove: async (db, ids) => {
    if (ids.length > 0) await db.query(OUTBOX_REMOVE, [ids])
  },

  claim: async (db, { countMax, claimAfterMs }) => {
    const { rows } = await db.query(OUTBOX_CLAIM, [countMax, Math.ceil(claimAfterMs)])
    return oldestFirst(rows, 'since').map((row) => ({
      id: text(row, 'id'),
      messages: messages(row, 'messages'),
    }))
  },
}

/** RETURNING promises no order. */
function oldestFirst(rows: readonly Columns[], name: string): readonly Columns[] {
  return rows.toSorted((a, b) => time(a, name) - time(b, name))
}
