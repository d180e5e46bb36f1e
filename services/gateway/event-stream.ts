// Owns: which events a reader of a saga has yet to get, and how they look on the wire (server-sent events, HTML 9.2).
// Pure.
// I1: entries go out in order and once: what comes after a gap waits until history has what is missing.
// I2: an entry's id is its number and its place among the entries of that number, so that a reader who comes again with
// the last one he saw misses nothing; the end has an id of its own.
import { badHeader } from '@ensemble/http'
import * as z from 'zod'

/** What is read of a saga's timeline. */
export const Timeline = z.object({
  status: z.enum(['running', 'completed', 'compensated']),
  standing: z.string(),
  waits_for: z.unknown(),
  complete: z.boolean(),
  entries: z.array(z.looseObject({ seq: z.int(), at: z.string(), type: z.string() })),
})
export type Timeline = z.infer<typeof Timeline>

/** How far a reader is. */
export interface Seen {
  readonly seq: number
  /** Of the entries of that number, how many. */
  readonly count: number
  /** Where the saga stood, as it was told. */
  readonly standing: string
}

export const NOTHING_SEEN: Seen = { seq: 0, count: 0, standing: '' }
const END = 'end'

/** `Last-Event-ID`; null: the reader has seen the end. Errors: 400. */
export function seenOf(value: string | undefined): Seen | null {
  if (value === undefined) return NOTHING_SEEN
  if (value === END) return null
  const [, seq, count] = /^(\d{1,9})\.(\d{1,9})$/.exec(value) ?? []
  if (seq === undefined || count === undefined)
    throw badHeader(
      'Last-Event-ID',
      'is no id of an event',
      'send the id of the last event that came, or none',
    )
  return { ...NOTHING_SEEN, seq: Number(seq), count: Number(count) }
}

export interface Changes {
  /** Empty when nothing is new. */
  readonly text: string
  readonly seen: Seen
}

export function changesOf(timeline: Timeline, seen: Seen): Changes {
  const parts: string[] = []
  let { seq, count } = seen
  let before = 0
  let place = 0
  for (const entry of timeline.entries) {
    place = entry.seq === before ? place + 1 : 1
    before = entry.seq
    if (entry.seq < seen.seq || (entry.seq === seen.seq && place <= seen.count)) continue
    if (entry.seq > seq + 1 && !timeline.complete) break
    seq = entry.seq
    count = place
    parts.push(eventOf('entry', entry, `${seq}.${count}`))
  }
  const { status, standing, waits_for = null } = timeline
  const told = JSON.stringify({ status, standing, waits_for })
  if (told !== seen.standing) parts.push(`event: standing\ndata: ${told}\n\n`)
  return { text: parts.join(''), seen: { seq, count, standing: told } }
}

/** The last event; who comes again after it is told to stay away. */
export function endOf({ status }: Pick<Timeline, 'status'>): string {
  return eventOf(END, { status }, END)
}

function eventOf(name: string, data: unknown, id: string): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
