// Owns: the bus whose log is in the services' own database, as tables of the database model: heads, cursors, entries.
// I1: offsets are in commit order: a partition's head stays locked until the writer has committed.
// I2: a group's cursor is taken with SKIP LOCKED in the batch's transaction and moves only from where it was read.
// I3: news of a commit may come late or not at all; polling is the truth.
// I4: what a reader has said to mean nothing to it is never given to it.
import { goesOut, pack, type Message, type Time } from '@ensemble/core'
import { writing, type Open, type RawMessage, type TableRef } from '@ensemble/memory'
import { Room } from '@ensemble/runtime'
import type { Bus, Database, Delivered, Link, Queryable, Transaction } from '@ensemble/runtime'
import { mixed, type Chance } from '../chance.ts'
import { HAPPENED } from '../coverage.ts'
import { raised } from '../database/errors.ts'
import type { DatabaseServer } from '../database/server.ts'
import type { Faults } from '../faults.ts'
import type { Process } from '../process.ts'
import type { Schedule } from '../schedule.ts'
import type { BusRecord } from './record.ts'
import { Texts } from './texts.ts'

interface Head {
  readonly next: number
}

interface Cursor {
  readonly next: number
  readonly advancedAt: Time
}

interface Entry {
  readonly text: string
}

interface Move {
  readonly place: string
  readonly from: number
  readonly to: number
}

interface Place {
  readonly place: string
  readonly topic: string
  readonly partition: number
}

interface Held extends Place {
  readonly from: number
  readonly news: number
}

interface Reading {
  readonly group: string
  readonly topics: readonly string[]
  readonly countMax: number
}

interface Taken {
  readonly messages: readonly Delivered[]
  readonly moves: readonly Move[]
  /** There was more, which would have been too long. */
  readonly isCut: boolean
}

interface Reader {
  readonly topics: readonly string[]
  readonly process: Process
  readonly news: Parameters<Link['onNews']>[0]
}

interface Sent {
  readonly by: Process
  readonly messages: readonly Message[]
}

export interface LogParts {
  readonly schedule: Schedule
  readonly faults: Faults
  readonly chance: Chance
  readonly partitionCount: number
  readonly saw: (what: string) => void
  readonly record: BusRecord
}

export class SharedLog {
  readonly entries: TableRef<Entry>
  readonly #parts: LogParts
  readonly #heads: TableRef<Head>
  readonly #cursors: TableRef<Cursor>
  readonly #readers = new Set<Reader>()
  readonly #texts = new Texts()
  readonly #places = new Map<string, readonly Place[]>()

  constructor(parts: LogParts) {
    this.#parts = parts
    this.#heads = { name: 'log head', home: this }
    this.#cursors = { name: 'log cursor', home: this }
    this.entries = { name: 'log entry', home: this }
  }

  /** The bus as one process has it. */
  busOf(process: Process): Bus {
    return {
      connect: async ({ service: group, database, topics }) => {
        if (topics.length > 0)
          await database.transaction((tx) => writing(tx, (open) => this.register(open, group, topics)))
        return new SharedLink(this, { process, group, database, topics })
      },
    }
  }

  onNews(reader: Reader): () => void {
    this.#readers.add(reader)
    return () => void this.#readers.delete(reader)
  }

  /** NOTIFY goes out after COMMIT, on a connection of its own. The sender's own readers hear what it is. */
  tellOf(topics: ReadonlySet<string>, sent?: Sent): void {
    const { schedule, faults, chance } = this.#parts
    for (const { process, topics: own, news } of this.#readers) {
      if (process.isDead || !own.some((topic) => topics.has(topic))) continue
      const known =
        sent?.by === process ? sent.messages.filter(({ topic }) => own.includes(topic)) : undefined
      if (!faults.hit('news lost', process.name))
        schedule.after(chance.skewed(0, 5), () => process.hears(() => news(known)))
    }
  }

  append(open: Open, messages: readonly Message[]): void {
    const places = new Set(messages.map((message) => this.#placeOf(message)))
    for (const place of [...places].sort())
      if (open.lock(this.#heads, place) === undefined) open.offer(this.#heads, place, { next: 0 })
    for (const message of messages) this.appendRaw(open, { ...message, text: pack([message]) })
  }

  /** A text as it is, as a foreign or broken sender would append it. */
  appendRaw(open: Open, message: RawMessage): void {
    const place = this.#placeOf(message)
    const { next } = open.upsert(this.#heads, place, (head) => ({ next: (head?.next ?? 0) + 1 }))
    open.insert(this.entries, `${place}/${next - 1}`, { text: message.text })
  }

  take(open: Open, what: Reading): Taken {
    const held = this.#hold(open, what)
    const quotaOf = sharing(held, what.countMax)
    const room = new Room(what.countMax)
    const messages: Delivered[] = []
    const moves: Move[] = []
    let isCut = false
    for (const at of held.sort((a, b) => (a.place < b.place ? -1 : 1))) {
      const { place, topic, partition, from, news } = at
      const wanted = this.#textsOf(open, at, Math.min(news, quotaOf(news)))
      const texts = wanted.slice(0, room.takeFrom(wanted))
      isCut ||= texts.length < wanted.length
      for (const [index, text] of texts.entries())
        messages.push(...this.#texts.delivered(text, { topic, partition, offset: from + index }))
      if (texts.length > 0) moves.push({ place, from, to: from + texts.length })
    }
    return { messages, moves, isCut }
  }

  noteHandled(tx: Transaction, messages: readonly Delivered[]): void {
    const { record, schedule } = this.#parts
    const takenAt = schedule.now
    tx.onCommit(() => record.handled.push({ messages, takenAt }))
  }

  /** Errors: MOVED. */
  advance(open: Open, group: string, moves: readonly Move[]): void {
    for (const { place, from, to } of moves) {
      const key = `${group} ${place}`
      if (open.lock(this.#cursors, key)?.next !== from)
        throw raised('MOVED', `cursor ${key} is not at ${from}`)
      open.write(this.#cursors, key, { next: to, advancedAt: open.now })
    }
  }

  /** A new group starts at the earliest. */
  register(open: Open, group: string, topics: readonly string[]): void {
    for (const { place } of this.#placesOf(topics))
      open.upsert(this.#cursors, `${group} ${place}`, (cursor) => cursor ?? { next: 0, advancedAt: open.now })
  }

  /** Every message there ever was, in no particular order between partitions. */
  all(server: DatabaseServer): readonly Message[] {
    const entries = server.table('', this.entries).committed()
    return [...entries.values()].flatMap((row) =>
      'text' in row && typeof row.text === 'string' ? this.#texts.messages(row.text) : [],
    )
  }

  /** Messages that a group has not read yet. */
  lagOf(server: DatabaseServer, group: string): number {
    const heads = server.table('', this.#heads).committed()
    let behind = 0
    for (const [key, cursor] of server.table('', this.#cursors).committed()) {
      if (!key.startsWith(`${group} `)) continue
      behind += nextOf(heads.get(key.slice(group.length + 1))) - nextOf(cursor)
    }
    return behind
  }

  /** All cursors back to the beginning. */
  forgetOffsets(server: DatabaseServer): void {
    const tx = server.begin(this.#parts.chance)
    const forget = (open: Open): void => {
      for (const key of server.table('', this.#cursors).committed().keys()) {
        if (open.lockFree(this.#cursors, key) !== undefined)
          open.write(this.#cursors, key, { next: 0, advancedAt: 0 })
      }
    }
    tx.run(forget, { schema: '', isAgain: false })
    server.commit(tx)
  }

  /** Locks cursors that have news and that nobody else holds, those first that waited longest; one for a message. */
  #hold(open: Open, { group, topics, countMax }: Reading): Held[] {
    const behind = this.#placesOf(topics).flatMap((at) => {
      const cursor = open.get(this.#cursors, `${group} ${at.place}`)
      const head = open.get(this.#heads, at.place)?.next ?? 0
      return cursor === undefined || head === cursor.next ? [] : [{ ...at, head, ...cursor }]
    })
    const held: Held[] = []
    for (const at of open.inAnyOrder(behind).sort((a, b) => a.advancedAt - b.advancedAt)) {
      if (held.length >= countMax) break
      const cursor = open.lockFree(this.#cursors, `${group} ${at.place}`)
      if (cursor === undefined) this.#parts.saw(HAPPENED.skipped)
      else held.push({ ...at, from: cursor.next, news: at.head - cursor.next })
    }
    return held
  }

  #textsOf(open: Open, { place, from }: Held, count: number): readonly string[] {
    return Array.from(
      { length: count },
      (_, index) => open.get(this.entries, `${place}/${from + index}`)?.text ?? '',
    )
  }

  #placesOf(topics: readonly string[]): readonly Place[] {
    return topics.flatMap((topic) => this.#placesIn(topic))
  }

  #placesIn(topic: string): readonly Place[] {
    const known = this.#places.get(topic)
    if (known !== undefined) return known
    const places = Array.from({ length: this.#parts.partitionCount }, (_, partition) => ({
      place: placeName(topic, partition),
      topic,
      partition,
    }))
    this.#places.set(topic, places)
    return places
  }

  #placeOf({ topic, key }: Pick<RawMessage, 'topic' | 'key'>): string {
    return placeName(topic, mixed(0, key) % this.#parts.partitionCount)
  }
}

/** An equal part each; what the quiet partitions leave goes to the busy ones. */
function sharing(held: readonly Held[], countMax: number): (news: number) => number {
  const part = Math.max(1, Math.floor(countMax / Math.max(1, held.length)))
  const spare = held.reduce((sum, { news }) => sum + Math.max(0, part - news), 0)
  const busy = held.filter(({ news }) => news > part).length
  return (news) => (news > part ? part + Math.floor(spare / busy) : part)
}

function nextOf(row: object | undefined): number {
  return row !== undefined && 'next' in row && typeof row.next === 'number' ? row.next : 0
}

function placeName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

interface LinkParts {
  readonly process: Process
  readonly group: string
  readonly database: Database
  readonly topics: readonly string[]
}

class SharedLink implements Link {
  readonly tellsAll = true
  readonly #log: SharedLog
  readonly #parts: LinkParts
  readonly #offs: (() => void)[] = []
  /** Texts of what means nothing here. */
  readonly #passed = new Set<string>()

  constructor(log: SharedLog, parts: LinkParts) {
    this.#log = log
    this.#parts = parts
  }

  async transaction<T>(
    work: (tx: Transaction) => Promise<{ readonly value: T; readonly messages: readonly Message[] }>,
  ): Promise<T> {
    return await this.#parts.database.transaction(async (tx) => {
      const { value, messages } = await work(tx)
      this.#send(tx, messages)
      return value
    })
  }

  async receive(countMax: number, handle: Parameters<Link['receive']>[1]): Promise<number> {
    const { database, group, topics, process } = this.#parts
    return await database.transaction(async (tx) => {
      const reading = { group, topics, countMax }
      const { messages, moves, isCut } = await writing(tx, (open) => this.#log.take(open, reading))
      if (messages.length === 0) return 0
      // No news of the rest will come.
      if (isCut) tx.onCommit(() => this.#log.tellOf(new Set(topics)))
      const read = messages.filter((one) => !one.ok || !this.#passed.has(JSON.stringify(one.message)))
      process.watch?.took(process.name, read)
      this.#log.noteHandled(tx, read)
      const answers = read.length === 0 ? [] : await handle(tx, read)
      tx.defer(writing(tx, (open) => this.#log.advance(open, group, moves)))
      this.#send(tx, answers)
      return messages.length
    })
  }

  async put(tx: Queryable, messages: readonly Message[]): Promise<void> {
    if (messages.length > 0) await writing(tx, (open) => this.#append(open, messages))
  }

  async relay(): Promise<number> {
    return 0
  }

  onNews(news: Reader['news']): void {
    const { process, topics } = this.#parts
    const hear: Reader['news'] = (messages) => {
      const isRead = news(messages)
      if (isRead === false) for (const one of messages ?? []) this.#passed.add(JSON.stringify(one))
    }
    this.#offs.push(this.#log.onNews({ topics, process, news: hear }))
  }

  async close(): Promise<void> {
    for (const off of this.#offs.splice(0)) off()
  }

  #send(tx: Transaction, said: readonly Message[]): void {
    const messages = said.filter(goesOut)
    if (messages.length > 0) tx.defer(writing(tx, (open) => this.#append(open, messages)))
  }

  #append(open: Open, messages: readonly Message[]): void {
    const { process } = this.#parts
    this.#log.append(open, messages)
    const topics = new Set(messages.map(({ topic }) => topic))
    open.atCommit(() => {
      for (const message of messages) process.watch?.sent(process.name, message)
      this.#log.tellOf(topics, { by: process, messages })
    })
  }
}
