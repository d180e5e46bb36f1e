// Owns: the hosts that are at home together (they share a process and a database), and which of them does something at
// once about what is said in a transaction of one of them.
// I1: it goes over the bus all the same, marked with who has handled and followed it: others read it, and their readers
// do nothing again. But for a command or a start: it is for one service, and history tells that it was done.
// I2: all that it means to a host is done, or nothing. What the host observes, or a transaction handler does (its SQL
// locks rows in an order of its own), is left to the bus.
// I3: what is heard is plain JSON, as the bus would have brought it.
// I4: a transaction never waits for a row that another one of this home holds, or waits for: what is about it is left
// to the bus. What it began with it may wait for: it holds nothing then. Of related rows and claims only their reader
// knows: for these, as for rows of other processes, it waits for a moment only (act.ts).
import { goesOut, plain, type Ask, type Message, type SagaRef } from '@ensemble/core'
import type { AdvanceOptions } from './advance/advance.ts'
import { heardIn, type AdvanceWork } from './advance/signals.ts'
import type { PerformOptions } from './perform/perform.ts'
import { locksOf } from './perform/load.ts'
import { worksOf, type FollowWork, type RunWork, type Service, type Work } from './perform/work.ts'
import type { Database, StartEnd, Stopwatch, Transaction } from './ports.ts'

/** What a history observer is given, in the batch's transaction. */
export interface Observer {
  readonly topics: readonly string[]
  readonly record: (tx: Transaction, messages: readonly Message[]) => Promise<void>
}

/** Who hears the ends of sagas. */
export interface EndsHeard {
  tellEnds(ends: readonly StartEnd[]): void
  /** Whether it has started this saga, not long ago. */
  hasStarted(saga: Pick<SagaRef, 'plan' | 'id'>): boolean
}

/** A host as those at home with it know it. */
export interface Member {
  readonly service: Service
  readonly database: Database
  readonly perform: PerformOptions
  /** How it orchestrates, for whoever decides in transactions of its own; null when it does not. */
  readonly office: (() => AdvanceOptions) | null
  readonly observer: Observer | null
  /** null when this host starts no sagas. */
  readonly starter: EndsHeard | null
}

/** What one member does at once. */
export interface Turn {
  readonly works: (RunWork | FollowWork)[]
  /** Sagas that begin: they were never heard of. */
  readonly begins: AdvanceWork[]
  readonly advances: AdvanceWork[]
  readonly ends: StartEnd[]
}

/** Told of what is done at once, and by whom: who it is for, or one who follows it. */
export type Mark = (message: Message, member: Member, isHandling: boolean) => void

/** Who decides in transactions of its own, one after the other: a host's receiver, its starter, its own calls. */
export class Runner {
  readonly home: Home
  readonly member: Member
  readonly clock: Stopwatch
  readonly #offices = new Map<Member, AdvanceOptions | null>()

  constructor(home: Home, member: Member, clock: Stopwatch) {
    this.home = home
    this.member = member
    this.clock = clock
  }

  /** Only who decides in transactions one after the other may share what it has been handed of a saga. */
  adviceOf(member: Member): AdvanceOptions | null {
    const known = this.#offices.get(member)
    if (known !== undefined) return known
    const office = member.office?.() ?? null
    this.#offices.set(member, office)
    return office
  }

  /** Lets go of what the transaction of `work` holds when that has ended. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } finally {
      this.home.letGo(this)
    }
  }
}

const homes = new WeakMap<object, Home>()

/** Of all hosts of this process whose transactions may be in each other's tables. */
export function homeOf(database: Database): Home {
  const key = database.home ?? database
  const home = homes.get(key) ?? new Home()
  homes.set(key, home)
  return home
}

export class Home {
  readonly #members = new Set<Member>()
  readonly #holders = new Map<string, Set<Runner>>()
  readonly #held = new Map<Runner, Set<string>>()

  join(member: Member): () => void {
    this.#members.add(member)
    return () => void this.#members.delete(member)
  }

  /** What a transaction begins with; what the one before it held is let go. */
  begin(runner: Runner, works: readonly Work[], advances: readonly AdvanceWork[]): void {
    this.letGo(runner)
    this.#hold(runner, keysOf(runner.member, works, advances))
  }

  letGo(runner: Runner): void {
    for (const key of this.#held.get(runner) ?? []) {
      const holders = this.#holders.get(key)
      holders?.delete(runner)
      if (holders?.size === 0) this.#holders.delete(key)
    }
    this.#held.delete(runner)
  }

  /** Who does what about these at once, in the transaction under way. `mark` is told of each of these. */
  turns(
    said: readonly Message[],
    { runner, mark }: { readonly runner: Runner; readonly mark: Mark },
  ): ReadonlyMap<Member, Turn> {
    const turns = new Map<Member, Turn>()
    for (const message of said) {
      if (isAgain(message) || (isForOne(message) && this.#isObserved(message))) continue
      const addressee = this.#memberFor(message)
      for (const member of this.#concerned(message, addressee)) {
        if (observes(member, message)) continue
        const turn = turns.get(member) ?? { works: [], begins: [], advances: [], ends: [] }
        const isHandling = member === addressee
        if (!this.#takes(runner, member, { turn, deed: deedOf(member, message, isHandling) })) continue
        turns.set(member, turn)
        mark(message, member, isHandling)
      }
    }
    return turns
  }

  /** Who it is for, and who follows it: of several instances of a service one. */
  #concerned(message: Message, addressee: Member | undefined): readonly Member[] {
    const concerned = new Map<string, Member>()
    if (addressee !== undefined) concerned.set(addressee.service.name, addressee)
    if ('name' in message)
      for (const member of this.#members)
        if (member.service.follows.has(message.name) && !concerned.has(member.service.name))
          concerned.set(member.service.name, member)
    return [...concerned.values()]
  }

  #isObserved(message: Message): boolean {
    return this.#find((member) => observes(member, message)) !== undefined
  }

  #takes(
    runner: Runner,
    member: Member,
    { turn, deed }: { readonly turn: Turn; readonly deed: Turn | null },
  ): boolean {
    if (deed === null) return false
    const keys = keysOf(member, deed.works, [...deed.begins, ...deed.advances])
    if (!keys.every((key) => this.#isFree(runner, key))) return false
    this.#hold(runner, keys)
    turn.works.push(...deed.works)
    turn.begins.push(...deed.begins)
    turn.advances.push(...deed.advances)
    turn.ends.push(...deed.ends)
    return true
  }

  #isFree(runner: Runner, key: string): boolean {
    const holders = this.#holders.get(key)
    return holders === undefined || holders.size === (holders.has(runner) ? 1 : 0)
  }

  #hold(runner: Runner, keys: readonly string[]): void {
    if (keys.length === 0) return
    const held = this.#held.get(runner) ?? new Set()
    this.#held.set(runner, held)
    for (const key of keys) {
      if (held.has(key)) continue
      held.add(key)
      this.#holders.set(key, (this.#holders.get(key) ?? new Set()).add(runner))
    }
  }

  #memberFor(message: Message): Member | undefined {
    const participant = participantIn(message)
    if (participant !== null) return this.#find(({ service }) => service.name === participant)
    if (message.type === 'ended')
      return this.#find(({ starter }) => starter?.hasStarted(message.saga) === true)
    if (message.type !== 'event' && message.type !== 'start') return undefined
    const [heard] = heardIn(message)
    if (heard === undefined) return undefined
    // Several may orchestrate, each what it starts.
    return this.#find(({ office, perform: { shop } }) => office !== null && shop.plans.has(heard.saga.plan))
  }

  #find(is: (member: Member) => boolean): Member | undefined {
    for (const member of this.#members) if (is(member)) return member
    return undefined
  }
}

/** Done at home it does not go over the bus. */
function isForOne(message: Message): boolean {
  return !goesOut({ type: message.type, handledBy: '' })
}

function isAgain(message: Message): boolean {
  return (message.type === 'start' || message.type === 'event') && message.again !== 0
}

/** Whom it asks for something. */
function participantIn(message: Message): string | null {
  if (message.type === 'command') return message.ask.participant
  if (message.type !== 'event' && message.type !== 'start') return null
  return message.slip?.ask.participant ?? null
}

function observes({ observer }: Member, message: Message): boolean {
  return observer?.topics.includes(message.topic) === true
}

/**
 * As the bus would bring it (I3), as far as anybody here reads it. Of what follows a start a plan's function has made
 * the input, and a rule the answer and the data; the state that a slip carries is plain since the start.
 */
function heard(message: Message, service: Service): Message {
  if (message.type === 'command') return { ...message, ask: plainAsk(message.ask) }
  if (message.type !== 'event') return plain(message)
  const { slip, answer, data } = message
  return {
    ...message,
    ...(slip === null ? { answer: plain(answer) } : { slip: { ...slip, ask: plainAsk(slip.ask) } }),
    ...(service.follows.has(message.name) && { data: plain(data) }),
  }
}

function plainAsk(ask: Ask): Ask {
  return { ...ask, input: plain(ask.input) }
}

/** Null for what is left to the bus. Who is not who it is for only follows it. */
function deedOf({ service }: Member, said: Message, isHandling: boolean): Turn | null {
  const message = heard(said, service)
  const deed: Turn = { works: [], begins: [], advances: [], ends: [] }
  if (isHandling && message.type === 'ended') deed.ends.push({ saga: message.saga, ...message.end })
  else if (isHandling && participantIn(message) === null)
    (message.type === 'start' ? deed.begins : deed.advances).push(...heardIn(message))
  try {
    const works = worksOf(service, message).filter(({ do: what }) => isHandling || what === 'follow')
    if (!works.every(isDoneAtHome)) return null
    deed.works.push(...works)
    return Object.values(deed).some(({ length }) => length > 0) ? deed : null
  } catch {
    // It is set aside when the bus brings it.
    return null
  }
}

function isDoneAtHome(work: Work): work is RunWork | FollowWork {
  return work.do === 'follow' || (work.do === 'run' && work.handler.form !== 'transaction')
}

/** What is locked for these: keyed rows with their deferred operations, and sagas. */
function keysOf(
  { service }: Member,
  works: readonly Work[],
  advances: readonly AdvanceWork[],
): readonly string[] {
  return [
    ...locksOf(works).map((lock) => `row ${service.name}/${lock}`),
    ...advances.map(({ saga }) => `saga ${saga.plan}/${saga.id}`),
  ]
}
