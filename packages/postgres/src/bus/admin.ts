// Owns: what an operator or a sweeper does with the log: pruning, how far a group is behind, leaving, going
// on after a loss.
// I1: what a registered group has not read is never pruned.
import type { Time } from '@ensemble/core'
import { integer, text, timeText } from '../store/columns.ts'
import type { Database } from '../database/types.ts'
import { inSchema, SCHEMA_DEFAULT } from './log.ts'
import type { LogOptions } from './log.ts'

export interface Lag {
  readonly topic: string
  readonly partition: number
  readonly messageCount: number
}

export interface Position {
  readonly topic: string
  readonly partition: number
  readonly nextOffset: number
}

export interface LogAdmin {
  /**
   * Deletes entries that every registered group has read, and those of topics that nobody reads once they are
   * older than `unreadBefore` (never unless given); at most `countMax`. Answers how many.
   */
  prune(what: { readonly countMax: number; readonly unreadBefore?: Time }): Promise<number>
  /** Messages that the group has yet to read, by partition; without those where there are none. */
  lag(group: string): Promise<readonly Lag[]>
  /** Messages that the log keeps. */
  size(): Promise<number>
  /** Ends a group's registration; its positions are forgotten. */
  unregister(group: string): Promise<void>
  /** After MESSAGES_LOST: moves the group behind the loss and answers where it goes on. */
  forward(group: string): Promise<readonly Position[]>
}

const UNREAD_NEVER: Time = 0

export function logAdmin(database: Database, { schema = SCHEMA_DEFAULT }: LogOptions = {}): LogAdmin {
  const lag = inSchema('log_lag', schema)
  const size = inSchema('log_size', schema)
  const unregister = inSchema('log_unregister', schema)
  const forward = inSchema('log_forward', schema)
  const prunable = inSchema('log_prunable', schema)
  const lock = inSchema('log_head_lock', schema)
  const prune = inSchema('log_prune', schema)

  // One partition at a time, so that a writer of many never waits for more than one of ours.
  const prunePartition = (at: { topic: string; partition: number }, countMax: number, unreadBefore: Time) =>
    database.transaction(async (tx) => {
      const [head] = (await tx.query(lock, [at.topic, at.partition])).rows
      if (head === undefined) return 0
      const start = integer(head, 'start_offset')
      const { rows } = await tx.query(prune, [
        at.topic,
        at.partition,
        start,
        timeText(unreadBefore),
        countMax,
      ])
      return integer(rows[0] ?? {}, 'entry_count')
    })

  return {
    prune: async ({ countMax, unreadBefore = UNREAD_NEVER }) => {
      let count = 0
      for (const row of (await database.query(prunable)).rows) {
        if (count >= countMax) break
        const at = { topic: text(row, 'topic'), partition: integer(row, 'partition') }
        count += await prunePartition(at, countMax - count, unreadBefore)
      }
      return count
    },

    lag: async (group) => {
      const { rows } = await database.query(lag, [group])
      return rows
        .map((row) => ({
          topic: text(row, 'topic'),
          partition: integer(row, 'partition'),
          messageCount: integer(row, 'message_count'),
        }))
        .filter(({ messageCount }) => messageCount !== 0)
    },

    size: async () => integer((await database.query(size)).rows[0] ?? {}, 'message_count'),

    unregister: async (group) => {
      await database.query(unregister, [group])
    },

    forward: async (group) => {
      const { rows } = await database.query(forward, [group])
      return rows.map((row) => ({
        topic: text(row, 'topic'),
        partition: integer(row, 'partition'),
        nextOffset: integer(row, 'next_offset'),
      }))
    },
  }
}
