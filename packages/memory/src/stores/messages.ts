// Owns: messages that wait in the memory database: scheduled ones, the outbox, dead letters.
import type { Message, Time } from '@ensemble/core'
import type { DeadLetter, DeadLetterStore, OutboxStore, ScheduledStore } from '@ensemble/runtime'
import { reading, writing } from '../home.ts'
import type { Home } from '../home.ts'
import { Table } from '../table.ts'

interface Scheduled {
  readonly sequence: number
  readonly dueAt: Time
  readonly messages: readonly Message[]
}

export function scheduledStore(home: Home): ScheduledStore {
  const table = new Table<Scheduled>(home, 'scheduled')
  return {
    insert: (tx, rows) =>
      writing(tx, (open) => {
        for (const { dueAt, messages } of rows) {
          const sequence = open.home.nextSequence()
          open.insert(table, String(sequence), { sequence, dueAt, messages })
        }
      }),
    takeDue: (tx, countMax) =>
      writing(tx, (open) => {
        const due = open
          .pick(table, ({ dueAt }) => dueAt <= open.now)
          .sort((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence)
        const taken: Message[] = []
        // A pack is never split, so the last one may go past the bound.
        for (const { sequence, messages } of due) {
          if (taken.length >= countMax) break
          taken.push(...messages)
          open.write(table, String(sequence), null)
        }
        return taken
      }),
    nextDue: (tx) =>
      reading(tx, (open) => {
        const dueAts = open.pick(table, () => true).map(({ dueAt }) => dueAt)
        return dueAts.length === 0 ? null : dueAts.reduce((first, dueAt) => Math.min(first, dueAt))
      }),
  }
}

interface Outgoing {
  readonly id: string
  readonly sequence: number
  readonly claimAt: Time
  readonly messages: readonly Message[]
}

export function outboxStore(home: Home): OutboxStore {
  const table = new Table<Outgoing>(home, 'outbox')
  return {
    insert: (tx, { id, messages, claimAfterMs }) =>
      writing(tx, (open) => {
        const sequence = open.home.nextSequence()
        open.insert(table, id, { id, sequence, claimAt: open.now + claimAfterMs, messages })
      }),
    remove: (db, ids) =>
      writing(db, (open) => {
        for (const id of ids) open.write(table, id, null)
      }),
    claim: (db, { countMax, claimAfterMs }) =>
      writing(db, (open) => {
        const left = open
          .pick(table, ({ claimAt }) => claimAt <= open.now)
          .sort((a, b) => a.claimAt - b.claimAt || a.sequence - b.sequence)
          .slice(0, countMax)
        for (const row of left) open.write(table, row.id, { ...row, claimAt: open.now + claimAfterMs })
        return left.map(({ id, messages }) => ({ id, messages }))
      }),
  }
}

interface Letter {
  readonly sequence: number
  readonly at: Time
  readonly letter: DeadLetter
}

export function deadLetterStore(home: Home): DeadLetterStore {
  const table = new Table<Letter>(home, 'dead letters')
  return {
    insert: (tx, letters) =>
      writing(tx, (open) => {
        for (const letter of letters) {
          // A redelivered message is the same letter; a failure here would make its batch fail for ever.
          if (open.find(table, letter.id) !== undefined) continue
          open.insert(table, letter.id, { sequence: open.home.nextSequence(), at: open.now, letter })
        }
      }),
    list: (tx, countMax) =>
      reading(tx, (open) =>
        open
          .pick(table, () => true)
          .sort((a, b) => b.sequence - a.sequence)
          .slice(0, countMax)
          .map(({ letter, at }) => ({ ...letter, at })),
      ),
  }
}
