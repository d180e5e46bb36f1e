// Owns: entries that this process has put on the log, until its own reader of their topics takes them: what a process
// has just written it need not read. Pure.
// I1: what is taken follows without a gap where the reader left its cursor; whether the cursor is still there only the
// database knows (log_claim.sql, log_advance.sql, log_hand_on.sql).
// I2: a gap, too much, news of others, or what a look has left end that: the reader looks into the log.
import type { Message } from '@ensemble/core'
import { Room } from '@ensemble/runtime'
import type { Columns } from '../store/columns.ts'
import type { Entry } from './entries.ts'
import { fetchedOf } from './fetched.ts'
import type { Fetched, Move } from './fetched.ts'

/** An entry at its place: the messages with offsets from `from` up to, not including, `to`. */
export interface Handed {
  readonly topic: string
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly text: string
  readonly messages: readonly Message[]
}

/** An entry that waits to be taken; its text is empty when none of its messages means anything to the reader. */
interface Waiting extends Omit<Handed, 'messages'> {
  readonly isRead: boolean
}

/** Messages that may wait: some batches of who takes most. */
const WAITING_COUNT_MAX = 10_000

/** Entries, those that are not read among them. */
const WAITING_ENTRIES_MAX = 10_000

/** And their characters: a few large ones must not fill the memory. */
const WAITING_LENGTH_MAX = 8_000_000

/** Batches in a row that may come from here before the reader looks for what others have written. */
const UNSEEN_MAX = 50

/** A batch of which nothing is read counts for so many: it comes when the reader looks by itself. */
const UNREAD_WEIGHT = 10

const CONTENDED_MAX = 1_000

export class Inbox {
  readonly #group: string
  /** Where the reader has left its cursors. */
  readonly #positions = new Map<string, number>()
  /** In order of offsets. */
  readonly #waiting = new Map<string, Waiting[]>()
  #entryCount = 0
  #count = 0
  #length = 0
  #unseen = 0
  /** Batches before it is believed that nobody else takes part any more. */
  #contended = 0
  #mustLook = true
  /** Where a look has left some. */
  readonly #resting = new Set<string>()

  constructor(group: string) {
    this.#group = group
  }

  /** What was put on the log; null for what others put there. `isRead`: not only to be passed over. */
  hear(handed: readonly Handed[] | null, isRead: (entry: Handed) => boolean = () => true): void {
    if (handed === null) this.#mustLook = true
    for (const entry of handed ?? []) this.#add(entry, isRead(entry))
    if (
      this.#entryCount > WAITING_ENTRIES_MAX ||
      this.#count > WAITING_COUNT_MAX ||
      this.#length > WAITING_LENGTH_MAX
    )
      this.forget()
  }

  /** Another instance took what was here: to work on it again is in vain, so cursors are locked first. */
  contend(): void {
    this.forget()
    this.#contended = CONTENDED_MAX
  }

  get isContended(): boolean {
    return this.#contended > 0
  }

  /** The reader looks into the log: what it hears of from now on it may find there or not. */
  looks(): void {
    this.#mustLook = false
    this.#unseen = 0
  }

  /** It has left some of what it saw, nobody knows where. */
  looksAgain(): void {
    this.#mustLook = true
  }

  /** At most `countMax` messages, no longer than a batch may be; null when the log has to be looked into. */
  take(countMax: number): Fetched | null {
    if (this.#mustLook || this.#unseen >= UNSEEN_MAX) return null
    const rows: Columns[] = []
    const room = new Room(countMax)
    let isCut = false
    for (const [place, entries] of this.#waiting) {
      const from = this.#positions.get(place)
      if (from === undefined) return null
      let next = from
      for (const entry of entries) {
        // What is behind a gap has told of itself already, as what fills the gap may not.
        const isGap = entry.from > next
        if (isGap && next === from) return null
        if (isGap || !this.#takes(room, entry, next)) {
          // Alone it is too much, too.
          if (next === from && entry.to - next > countMax) return null
          isCut = true
          break
        }
        next = entry.to
        rows.push(rowOf(entry, from))
      }
    }
    if (rows.length === 0) return null
    // Where there is nothing to be read the log may have what others put there: it is looked for sooner.
    this.#unseen += rows.every((row) => row['is_passed'] === true) ? UNREAD_WEIGHT : 1
    this.#contended = Math.max(0, this.#contended - 1)
    return { ...fetchedOf(this.#group, rows), isCut }
  }

  /** The reader has left its cursors there. */
  left(moves: readonly Move[]): void {
    for (const { topic, partition, to, hasRest } of moves) {
      const place = placeOf(topic, partition)
      this.#positions.set(place, to)
      const entries = this.#waiting.get(place) ?? []
      // A look may have ended in the middle of one.
      const kept = entries.filter((entry) => entry.to > to)
      for (const read of entries.filter((entry) => entry.to <= to)) this.#sum(read, -1)
      if (hasRest) this.#resting.add(place)
      // Else what is here would go before what was left, as long as there is some. What is here may not be all of that.
      const isNext = kept[0] !== undefined && kept[0].from <= to
      if (!isNext && this.#resting.delete(place)) this.#mustLook = true
      // Where nothing was read goes before it the next time.
      this.#waiting.delete(place)
      if (kept.length > 0) this.#waiting.set(place, kept)
    }
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#positions.clear()
    this.#waiting.clear()
    this.#resting.clear()
    this.#entryCount = 0
    this.#count = 0
    this.#length = 0
    this.#mustLook = true
  }

  #takes(room: Room, { text, to, isRead }: Waiting, next: number): boolean {
    return !isRead || room.takes(text.length, to - next)
  }

  /** Commits are heard of in nearly their order. */
  #add(entry: Handed, isRead: boolean): void {
    const place = placeOf(entry.topic, entry.partition)
    if (entry.to <= (this.#positions.get(place) ?? 0)) return
    const entries = this.#waiting.get(place) ?? []
    const at = entries.findLastIndex(({ from }) => from <= entry.from)
    if (entries[at]?.from === entry.from) return
    // Else it waits for its cursor only.
    const { topic, partition, from, to, text } = entry
    const waiting = { topic, partition, from, to, isRead, text: isRead ? text : '' }
    entries.splice(at + 1, 0, waiting)
    this.#waiting.set(place, entries)
    this.#sum(waiting, 1)
  }

  #sum({ from, to, text, isRead }: Waiting, sign: 1 | -1): void {
    this.#entryCount += sign
    if (!isRead) return
    this.#count += sign * (to - from)
    this.#length += sign * text.length
  }
}

function placeOf(topic: string, partition: number): string {
  return `${partition} ${topic}`
}

/** As log_fetch.sql answers it, which does not know what is passed over. */
function rowOf({ topic, partition, from, to, text, isRead }: Waiting, nextOffset: number): Columns {
  return {
    topic,
    partition,
    next_offset: nextOffset,
    start_offset: nextOffset,
    quota: to - nextOffset,
    end_offset: to,
    message_count: to - from,
    messages: text,
    has_rest: false,
    is_passed: !isRead,
    is_cut: false,
  }
}

/** Entries with the places that log_append.sql gave them: `offset partition topic` of each partition's first. */
export function placed(entries: readonly Entry[], firsts: unknown): readonly Handed[] {
  const known = new Map<string, number>()
  for (const first of Array.isArray(firsts) ? firsts : []) {
    const [offset = '', ...place] = String(first).split(' ')
    known.set(place.join(' '), Number(offset))
  }
  return entries.flatMap(({ topic, partition, ahead, text, messages }) => {
    const first = known.get(placeOf(topic, partition))
    if (first === undefined) return []
    const to = first + ahead
    return [{ topic, partition, from: to - messages.length, to, text, messages }]
  })
}
