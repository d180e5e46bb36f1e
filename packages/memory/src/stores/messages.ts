// Owns: messages that wait in the memory database: scheduled ones, the outbox, dead letters.
import { pack } from '@ensemble/core'
import type { Message, Time } from '@ensemble/core'
import { Room } from '@ensemble/runtime'
import type { DeadLetter, DeadLetterStore, OutboxStore, ScheduledStore } from '@ensemble/runtime'
import { first, firstFree, reading, writing } from '../statement.ts'
import type { TableRef } from '../statement.ts'
import { compareText, deleted } from './versioned.ts'

interface Scheduled {
  readonly sequence: number
  readonly dueAt: Time
  readonly messages: readonly Message[]
}

function byDueTime(a: Scheduled, b: Scheduled): number {
  return a.dueAt - b.dueAt
}

export function scheduledStore(home: object): ScheduledStore {
  const table: TableRef<Scheduled> = { name: 'scheduled', home }
  return {
    insert: (tx, rows) =>
      writing(tx, (open) => {
        for (const { dueAt, messages } of rows) {
          const sequence = open.nextSequence()
          open.insert(table, String(sequence), { sequence, dueAt, messages })
        }
      }),
    takeDue: (tx, countMax) =>
      writing(tx, (open) => {
        const due = open.inOrder(table, ({ dueAt }) => dueAt <= open.now, byDueTime)
        const taken: Message[] = []
        const room = new Room(countMax)
        let ahead = 0
        // A pack is never split, so the last one may go past the bound. What others hold counts, too.
        for (const row of first(due, countMax)) {
          if (ahead >= countMax || !room.takes(pack(row.messages).length)) break
          ahead += row.messages.length
          if (open.lockFree(table, String(row.sequence)) === undefined) continue
          taken.push(...row.messages)
          open.write(table, String(row.sequence), null)
        }
        return taken
      }),
    nextDue: (tx) =>
      reading(tx, (open) => {
        const [next] = first(
          open.inOrder(table, () => true, byDueTime),
          1,
        )
        return next?.dueAt ?? null
      }),
  }
}

interface Outgoing {
  readonly id: string
  readonly claimAt: Time
  readonly messages: readonly Message[]
}

export function outboxStore(home: object): OutboxStore {
  const table: TableRef<Outgoing> = { name: 'outbox', home }
  return {
    insert: (tx, { id, messages, claimAfterMs }) =>
      writing(tx, (open) => {
        open.insert(table, id, { id, claimAt: open.now + claimAfterMs, messages })
      }),
    remove: (db, ids) =>
      writing(db, (open) => {
        deleted(open, table, ids)
      }),
    claim: (db, { countMax, claimAfterMs }) =>
      writing(db, (open) => {
        const isDue = ({ claimAt }: Outgoing): boolean => claimAt <= open.now
        const rows = open.inOrder(table, isDue, (a, b) => a.claimAt - b.claimAt)
        const claimed = firstFree(open, table, { rows, keyOf: ({ id }) => id, isDue, countMax })
        for (const row of claimed) open.write(table, row.id, { ...row, claimAt: open.now + claimAfterMs })
        return claimed.map(({ id, messages }) => ({ id, messages }))
      }),
  }
}

interface Letter {
  readonly at: Time
  readonly letter: DeadLetter
}

function newestFirst(a: Letter, b: Letter): number {
  return b.at - a.at || compareText(b.letter.id, a.letter.id)
}

export function deadLetterStore(home: object): DeadLetterStore {
  const table: TableRef<Letter> = { name: 'dead letters', home }
  return {
    insert: (tx, letters) =>
      writing(tx, (open) => {
        // A redelivered message is the same letter; a failure here would make its batch fail for ever.
        for (const letter of letters.toSorted((a, b) => compareText(a.id, b.id)))
          open.offer(table, letter.id, { at: open.now, letter })
      }),
    list: (tx, countMax) =>
      reading(tx, (open) => {
        const newest = open.inOrder(table, () => true, newestFirst)
        return first(newest, countMax).map(({ letter, at }) => ({ ...letter, at }))
      }),
  }
}
