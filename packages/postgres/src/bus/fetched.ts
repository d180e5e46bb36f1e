// Owns: turning fetched entry rows into messages with positions, bounded exactly, and finding that the log
// lost some. Pure.
// I1: a partition's messages are those with offsets from the cursor on, without a gap; a gap ends what is
// delivered, and a gap right at the cursor is a loss. What means nothing to their reader may be passed over unread.
import { unpack } from '@ensemble/core'
import type { Unpacked } from '@ensemble/core'
import { MessagesLost } from '@ensemble/runtime'
import type { Delivered } from '@ensemble/runtime'
import { integer, isNull, text } from '../store/columns.ts'
import type { Columns } from '../store/columns.ts'

export interface Move {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to: number
  /** The log had more there than was asked for. */
  readonly hasRest: boolean
}

export interface Fetched {
  readonly messages: readonly Delivered[]
  readonly moves: readonly Move[]
  /** The log had more than a batch may have in length. */
  readonly isCut: boolean
}

/** `rows` ordered by topic, partition and offset. */
export function fetchedOf(group: string, rows: readonly Columns[]): Fetched {
  const messages: Delivered[] = []
  const moves: Move[] = []
  for (let index = 0; index < rows.length;) {
    const first = rows[index] ?? {}
    const topic = text(first, 'topic')
    const partition = integer(first, 'partition')
    const end = rows.findIndex(
      (row, at) => at > index && (row['topic'] !== topic || row['partition'] !== partition),
    )
    const own = rows.slice(index, end === -1 ? rows.length : end)
    index += own.length
    const from = integer(first, 'next_offset')
    const to = deliver(own, { topic, partition, from }, messages)
    if (to === from) {
      const startOffset = integer(first, 'start_offset')
      throw new MessagesLost({ group, topic, partition, nextOffset: from, startOffset })
    }
    moves.push({ topic, partition, from, to, hasRest: first['has_rest'] === true })
  }
  return { messages, moves, isCut: rows[0]?.['is_cut'] === true }
}

/** Adds the messages of one partition and answers the offset after them. */
function deliver(
  rows: readonly Columns[],
  { topic, partition, from }: { readonly topic: string; readonly partition: number; readonly from: number },
  messages: Delivered[],
): number {
  let next = from
  for (const row of rows) {
    if (isNull(row, 'end_offset')) break
    const end = integer(row, 'end_offset')
    const count = integer(row, 'message_count')
    const limit = from + integer(row, 'quota')
    if (end - count > next || next >= limit) break
    if (row['is_passed'] === true) {
      next = end
      continue
    }
    const entry = read(text(row, 'messages'), count)
    if (entry.isWhole) {
      messages.push({ ...entry.message, topic, partition, position: String(next) })
      next = end
      continue
    }
    for (const one of entry.messages.slice(next - end + count, limit - end + count)) {
      messages.push({ ...one, topic, partition, position: String(next) })
      next += 1
    }
  }
  return next
}

type Read =
  | { readonly isWhole: false; readonly messages: readonly Unpacked[] }
  /** The text does not hold what the row says: one message that cannot be handled stands for all of it. */
  | { readonly isWhole: true; readonly message: Unpacked }

function read(entry: string, count: number): Read {
  const messages = unpack(entry)
  if (messages.length === count) return { isWhole: false, messages }
  const reason = `an entry of ${count} messages holds ${messages.length}`
  return { isWhole: true, message: { ok: false, text: entry, reason } }
}
