// Owns: what a host does in one transaction about what has reached it, and what those at home with it do at once about
// what is said then, and so on.
// I1: bounded: after so many rounds or messages the rest goes over the bus.
// I2: the first round locks rows in the order in which they always are: those of participants, then those of sagas that
// are not remembered. Rounds after it do not, so they hurry: whoever else waits the other way round is waited for for a
// moment only, and then all is done again, the first round alone.
// I3: what becomes of a saga or a row is stored once, whatever it has been through.
import type { HistoryMessage, HistoryTold, Message, Time } from '@ensemble/core'
import { Advancing } from './advance/advance.ts'
import type { AdvanceWork } from './advance/signals.ts'
import { tell } from './diagnostics.ts'
import { sagaKey } from './letters.ts'
import type { Mark, Member, Runner, Turn } from './home.ts'
import { Held } from './perform/held.ts'
import { performRound } from './perform/perform.ts'
import type { LocalResult } from './perform/picture.ts'
import type { Work } from './perform/work.ts'
import type { SagaRow, StartEnd, Stopwatch, Transaction } from './ports.ts'
import { lengthOf } from './shell/room.ts'

export interface Reached {
  readonly works: readonly Work[]
  readonly advances: readonly AdvanceWork[]
  readonly ends: readonly StartEnd[]
  /** Sent in this transaction before anything else. */
  readonly sent?: readonly Message[]
  /** Those of the sagas, where they are in hand. */
  readonly rows?: readonly SagaRow[]
}

export interface Acted {
  /** To be sent. */
  readonly messages: readonly Message[]
  /** What a service's own calls are told, by operation. */
  readonly results: ReadonlyMap<string, LocalResult>
}

/** Steps of a long saga, there and back. */
const ROUNDS_MAX = 64
/** Characters of decisions in one message: far from what a broker takes. */
const TOLD_LENGTH_MAX = 50_000
/** Some batches. */
const MESSAGES_MAX = 5_000

/** Unless `onHome` is null those at home do at once what they can, and `onHome` is told once. */
export async function act(
  tx: Transaction,
  { sent = [], ...reached }: Reached,
  { runner, onHome }: { readonly runner: Runner; readonly onHome: (() => void) | null },
): Promise<Acted> {
  const { member: own, home } = runner
  const actors = new Map<Member, Actor>()
  // Two hosts of one service decide on the same rows.
  const helds = new Map<string, Held>()
  const heldOf = ({ service }: Member): Held => {
    const held = helds.get(service.name) ?? new Held()
    helds.set(service.name, held)
    return held
  }
  const passing = new Passing(runner.clock)
  const actorOf = (member: Member): Actor => {
    const actor = actors.get(member) ?? new Actor(tx, member, { runner, passing, held: heldOf(member) })
    actors.set(member, actor)
    return actor
  }
  home.begin(runner, reached.works, reached.advances)
  const { messages, results } = await actorOf(own).round(reached)
  const all = [...sent, ...messages]
  const marks = new Map<Message, Marks>()
  const mark: Mark = (message, { service }, isHandling) => {
    if (marks.size === 0) {
      tx.hurry?.()
      onHome?.()
    }
    const { handledBy, followedBy = [] } = marks.get(message) ?? {}
    const marked = isHandling
      ? { handledBy: service.name, followedBy }
      : { handledBy, followedBy: [...followedBy, service.name] }
    marks.set(message, marked)
  }
  let said: readonly Message[] = onHome === null ? [] : all
  for (let round = 1; round < ROUNDS_MAX && said.length > 0 && all.length < MESSAGES_MAX; round += 1) {
    const more: Message[] = []
    for (const [member, turn] of home.turns(said, { runner, mark }))
      more.push(...signed(await actorOf(member).turn(turn), member, own))
    all.push(...more)
    said = more
  }
  for (const actor of actors.values()) all.push(...(await actor.finish()))
  return { messages: toldTogether(all.map((message) => markedWith(message, marks.get(message)))), results }
}

/**
 * The time of a round. The database's `now` is that of BEGIN; what is done some rounds later is not older than what
 * others have committed meanwhile, however long the first round waited. Counted from when a round asks for rows. Where
 * BEGIN leaves then, this is ahead of the database's clock by the way there at most, where BEGIN was answered before,
 * behind it by the way back; but for a clock of this machine that runs faster.
 */
class Passing {
  readonly #clock: Stopwatch
  #from = 0
  #begunAt: Time = 0

  constructor(clock: Stopwatch) {
    this.#clock = clock
  }

  /** A round is about to ask. */
  asks(): void {
    if (this.#begunAt === 0) this.#from = this.#clock.elapsed()
  }

  /** 0 as long as it has to be asked for. */
  get now(): Time {
    return this.#begunAt === 0 ? 0 : this.#begunAt + Math.floor(this.#clock.elapsed() - this.#from)
  }

  /** As the database has told it; 0 where it was not asked. */
  heard(at: Time): void {
    if (this.#begunAt === 0) this.#begunAt = at
  }
}

/** A host at work in a transaction. */
class Actor {
  readonly #tx: Transaction
  readonly #member: Member
  readonly #advancing: Advancing | null
  readonly #passing: Passing
  readonly #held: Held
  readonly #ends: StartEnd[] = []
  #performCount = 0
  #advanceCount = 0

  constructor(
    tx: Transaction,
    member: Member,
    { runner, passing, held }: { readonly runner: Runner; readonly passing: Passing; readonly held: Held },
  ) {
    this.#passing = passing
    this.#held = held
    this.#tx = member.database === runner.member.database ? tx : visited(tx, member)
    this.#member = member
    const advice = runner.adviceOf(member)
    this.#advancing = advice === null ? null : new Advancing(this.#tx, advice)
  }

  async turn({ begins, ...reached }: Turn): Promise<readonly Message[]> {
    const begun = await this.round({ works: [], advances: begins, ends: [], rows: [] })
    const { messages } = await this.round(reached)
    return [...begun.messages, ...messages]
  }

  /** What is remembered of sagas is decided on first: it locks nothing. */
  async round({ works, advances, ends, rows }: Omit<Reached, 'sent'>): Promise<Acted> {
    const [advancing, passing] = [this.#advancing, this.#passing]
    const early = advancing?.inHand(advances, rows) ?? []
    const decided = (await advancing?.hear(early, passing.now)) ?? []
    const { perform: options } = this.#member
    passing.asks()
    const performed = await performRound(this.#tx, works, { options, held: this.#held, since: passing.now })
    passing.heard(performed.at)
    const heard = new Set(early)
    const late = advances.filter((work) => !heard.has(work))
    const more = (await advancing?.hear(late, passing.now)) ?? []
    this.#ends.push(...ends)
    this.#performCount += works.length
    this.#advanceCount += advances.length
    return { messages: [...decided, ...performed.messages, ...more], results: performed.results }
  }

  /** What else is to be sent. */
  async finish(): Promise<readonly Message[]> {
    const { service, database, starter } = this.#member
    const [tx, ends] = [this.#tx, this.#ends]
    this.#held.write(tx, this.#member.perform.stores)
    const told = (await this.#advancing?.store()) ?? []
    if (starter !== null && ends.length > 0) {
      tx.defer(database.stores.starts.ended(tx, ends))
      tx.onCommit(() => starter.tellEnds(ends))
    }
    if (this.#performCount > 0) tell('perform', { service: service.name, count: this.#performCount })
    if (this.#advanceCount > 0) tell('advance', { service: service.name, count: this.#advanceCount })
    return told
  }
}

/** Who has done what about a message at once. */
interface Marks {
  readonly handledBy?: string | undefined
  readonly followedBy: readonly string[]
}

/** Where the turn was taken nobody needs the slip any more. Sent again it is what was stored, and has its slip. */
function markedWith(message: Message, marks: Marks | undefined): Message {
  if (marks === undefined) return message
  const { handledBy, followedBy } = marks
  return {
    ...message,
    ...(handledBy !== undefined && { handledBy }),
    ...(handledBy !== undefined && 'slip' in message && { slip: null }),
    ...(followedBy.length > 0 && { followedBy }),
  }
}

/** What was decided of a saga travels as one message, as far as a bus may carry it. */
function toldTogether(messages: readonly Message[]): readonly Message[] {
  const told = new Map<string, Told>()
  const together: Message[] = []
  for (const message of messages) {
    if (message.type !== 'history') {
      together.push(message)
      continue
    }
    const { saga, seq, at, entries, source } = message
    const length = lengthOf(entries)
    const before = told.get(sagaKey(saga))
    if (before !== undefined && before.length + length <= TOLD_LENGTH_MAX) {
      before.length += length
      before.more.push({ seq, at, entries, ...(source !== undefined && { source }) })
      if (before.more.length === 1) together[before.place] = { ...before.first, more: before.more }
      continue
    }
    told.set(sagaKey(saga), { place: together.length, first: message, more: [], length })
    together.push(message)
  }
  return together
}

interface Told {
  readonly place: number
  readonly first: HistoryMessage
  readonly more: HistoryTold[]
  length: number
}

/** Whoever has this transaction is not who decided. */
function signed(messages: readonly Message[], { service }: Member, own: Member): readonly Message[] {
  if (service === own.service) return messages
  return messages.map((message) =>
    message.type === 'history' ? { ...message, source: service.name } : message,
  )
}

function visited(tx: Transaction, { database, service }: Member): Transaction {
  const visit = tx.as?.(database)
  if (visit === undefined) throw new Error(`a transaction cannot be in the tables of ${service.name}`)
  return visit
}
