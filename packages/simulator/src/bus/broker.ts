// Owns: a broker of its own, like Kafka: partitions, groups with members and generations, positions that are
// committed after the work; what it loses, repeats and delays.
// I1: what was sent stays, whatever becomes of the sender; a send whose answer is lost may be there, or twice.
// I2: a partition is one member's at a time, and its messages one take's; after a rebalance its owner begins at the
// committed offset, so what was held is delivered again. A late `done` of what was held before changes nothing.
// I3: a member that is silent for longer than the session is removed.
import { pack, type Message } from '@ensemble/core'
import type { RawMessage } from '@ensemble/memory'
import { Room } from '@ensemble/runtime'
import type { Delivered, Delivery, Subscription, Transport } from '@ensemble/runtime'
import { mixed } from '../chance.ts'
import { HAPPENED } from '../coverage.ts'
import { raised } from '../database/errors.ts'
import type { Process } from '../process.ts'
import type { LogParts } from './shared.ts'
import { Texts } from './texts.ts'

const SESSION_MS = 10_000

interface Member {
  readonly process: Process
  readonly topics: readonly string[]
  readonly news: Set<Parameters<Subscription['onNews']>[0]>
  /** Where it reads next, by partition it owns. */
  readonly positions: Map<string, number>
  /** Partitions whose messages are taken and neither done nor given back, and by which take. */
  readonly held: Map<string, symbol>
  isClosed: boolean
}

interface Group {
  readonly name: string
  readonly committed: Map<string, number>
  readonly members: Set<Member>
  readonly owners: Map<string, Member>
}

export class Broker {
  readonly #parts: LogParts
  readonly #partitions = new Map<string, string[]>()
  readonly #groups = new Map<string, Group>()
  readonly #texts = new Texts()

  constructor(parts: LogParts) {
    this.#parts = parts
  }

  /** Every message there ever was, in no particular order between partitions. */
  all(): readonly Message[] {
    return [...this.#partitions.values()].flatMap((texts) =>
      texts.flatMap((text) => this.#texts.messages(text)),
    )
  }

  /** A text as it is, as a foreign or broken sender would send it. */
  appendRaw(message: RawMessage): void {
    this.#put(message)
    for (const group of this.#groups.values()) this.#tell(group, new Set([message.topic]))
  }

  transportOf(process: Process): Transport {
    return {
      send: (messages) => this.#called(process, 'send', () => this.#send(process, messages)),
      subscribe: async ({ group, topics }) =>
        await this.#called(process, 'subscribe', () => this.#join(process, { group, topics })),
      close: async () => undefined,
    }
  }

  /**
   * Messages that a group has not read, and batches that it works on; what was read and not committed counts as read
   * until somebody reads it again.
   */
  lag(name: string): number {
    const group = this.#groups.get(name)
    if (group === undefined) return 0
    const topics = new Set([...group.members].flatMap(({ topics: read }) => read))
    const held = [...group.members].reduce((sum, member) => sum + member.held.size, 0)
    return this.#placesOf([...topics]).reduce(
      (sum, place) => sum + this.#size(place) - this.#readTo(group, place),
      held,
    )
  }

  /** Gives every group's partitions to other members, and now and then forgets positions. */
  rebalanceAll(): void {
    for (const group of this.#groups.values()) this.#rebalance(group)
  }

  /** Back to `offset`, or to a random earlier one of each partition. */
  forgetOffsets(earliest: number | null = null): void {
    const { chance } = this.#parts
    for (const group of this.#groups.values()) {
      for (const [place, offset] of group.committed) {
        const to = earliest ?? chance.int(0, offset)
        group.committed.set(place, to)
        group.owners.get(place)?.positions.set(place, to)
      }
      this.#tell(group)
    }
  }

  #called<T>(process: Process, point: string, act: () => T): Promise<T> {
    const { schedule, chance } = this.#parts
    return new Promise((resolve, reject) => {
      if (!process.calls(point)) return
      schedule.after(chance.skewed(0, 10), () => {
        try {
          const value = act()
          process.hears(() => resolve(value), point)
        } catch (error) {
          process.hears(() => reject(error instanceof Error ? error : new Error(String(error))))
        }
      })
    })
  }

  #send(process: Process, messages: readonly Message[]): void {
    const { faults } = this.#parts
    if (process.isDead) return
    if (faults.hit('send fails', process.name)) throw raised('CONNECTION', 'the broker is away')
    this.#append(process, messages)
    if (faults.hit('sent twice', process.name)) this.#append(process, messages)
    if (faults.hit('send unknown', process.name)) throw raised('CONNECTION', 'no answer from the broker')
  }

  #append(process: Process, messages: readonly Message[]): void {
    const { faults, record, schedule } = this.#parts
    const at = schedule.now
    const kept: Message[] = []
    for (const message of messages) {
      if (isRepairable(message) && faults.hit('message lost', message.id)) record.lost.push({ message, at })
      else kept.push(message)
    }
    for (const { id } of kept) if (!record.firstAt.has(id)) record.firstAt.set(id, at)
    for (const message of kept) {
      this.#put({ ...message, text: pack([message]) })
      process.watch?.sent(process.name, message)
    }
    const topics = new Set(kept.map(({ topic }) => topic))
    for (const group of this.#groups.values()) this.#tell(group, topics)
  }

  #put({ topic, key, text }: RawMessage): void {
    const place = placeName(topic, mixed(0, key) % this.#parts.partitionCount)
    const texts = this.#partitions.get(place) ?? []
    this.#partitions.set(place, texts)
    texts.push(text)
  }

  #join(
    process: Process,
    { group: name, topics }: { group: string; topics: readonly string[] },
  ): Subscription {
    const group = this.#groups.get(name) ?? {
      name,
      committed: new Map(),
      members: new Set(),
      owners: new Map(),
    }
    this.#groups.set(name, group)
    const member: Member = {
      process,
      topics,
      news: new Set(),
      positions: new Map(),
      held: new Map(),
      isClosed: false,
    }
    group.members.add(member)
    this.#rebalance(group)
    const leave = (): void => this.#leave(group, member)
    const leaveLater = (): void => this.#parts.schedule.after(SESSION_MS, leave)
    // It may have died while it asked to join.
    if (process.isDead) leaveLater()
    else process.onEnd(leaveLater)
    process.onPause((isPaused) => {
      if (isPaused)
        this.#parts.schedule.after(SESSION_MS, () => (member.process.isPaused ? leave() : undefined))
      else this.#comeBack(group, member)
    })
    return {
      take: (countMax) => this.#called(process, 'take', () => this.#take(group, member, countMax)),
      onNews: (news) => void member.news.add(news),
      close: async () => {
        member.isClosed = true
        leave()
      },
    }
  }

  #leave(group: Group, member: Member): void {
    if (!group.members.delete(member)) return
    member.positions.clear()
    member.held.clear()
    this.#rebalance(group)
  }

  #comeBack(group: Group, member: Member): void {
    if (member.isClosed || member.process.isDead || group.members.has(member)) return
    group.members.add(member)
    this.#rebalance(group)
  }

  #rebalance(group: Group): void {
    const members = this.#parts.chance.shuffled([...group.members])
    const [first] = members
    group.owners.clear()
    for (const member of group.members) {
      member.positions.clear()
      member.held.clear()
    }
    if (first === undefined) return
    const topics = new Set(members.flatMap((member) => member.topics))
    for (const [index, place] of this.#placesOf([...topics]).entries()) {
      const owner = members[index % members.length] ?? first
      group.owners.set(place, owner)
      owner.positions.set(place, group.committed.get(place) ?? 0)
    }
    this.#tell(group)
  }

  #take(group: Group, member: Member, countMax: number): Delivery | null {
    if (member.isClosed) throw raised('CONNECTION', 'the subscription is closed')
    const messages: Delivered[] = []
    const taken: { place: string; from: number; to: number }[] = []
    const { record, schedule } = this.#parts
    const takenAt = schedule.now
    const take = Symbol('take')
    const room = new Room(countMax)
    for (const place of this.#parts.chance.shuffled([...member.positions.keys()])) {
      if (member.held.has(place)) continue
      const from = member.positions.get(place) ?? 0
      const { read, to } = this.#readFrom(member, { place, from, room })
      if (to <= from) continue
      member.positions.set(place, to)
      if (read.length === 0) {
        group.committed.set(place, Math.max(to, group.committed.get(place) ?? 0))
        continue
      }
      messages.push(...read)
      member.held.set(place, take)
      taken.push({ place, from, to })
    }
    if (messages.length === 0) return null
    const free = (place: string): boolean => member.held.get(place) === take && member.held.delete(place)
    member.process.watch?.took(member.process.name, messages)
    return {
      messages,
      done: () =>
        this.#called(member.process, 'done', () => {
          record.handled.push({ messages, takenAt })
          const isLost = this.#parts.faults.hit('done lost', member.process.name)
          for (const { place, to } of taken) {
            if (!free(place)) this.#parts.saw(HAPPENED.late)
            else if (!isLost) group.committed.set(place, Math.max(to, group.committed.get(place) ?? 0))
          }
        }),
      release: () =>
        this.#called(member.process, 'release', () => {
          for (const { place, from } of taken) if (free(place)) member.positions.set(place, from)
        }),
    }
  }

  /** As far as there is room; what means nothing to its reader is passed over. */
  #readFrom(
    member: Member,
    { place, from, room }: { place: string; from: number; room: Room },
  ): { readonly read: readonly Delivered[]; readonly to: number } {
    const texts = this.#partitions.get(place) ?? []
    const [topic = place, partition = '0'] = place.split('/')
    const read: Delivered[] = []
    let to = from
    for (const text of texts.slice(from)) {
      const found = this.#texts.delivered(text, { topic, partition: Number(partition), offset: to })
      const isRead = found.some((one) => !one.ok || isReadBy(member, one.message))
      if (isRead && !room.takes(text.length)) break
      if (isRead) read.push(...found)
      else this.#parts.saw(HAPPENED.passed)
      to += 1
    }
    return { read, to }
  }

  #tell(group: Group, topics: ReadonlySet<string> | null = null): void {
    const { schedule, chance, faults } = this.#parts
    for (const member of group.members) {
      if (topics !== null && !member.topics.some((topic) => topics.has(topic))) continue
      if (faults.hit('news lost', member.process.name)) continue
      const tell = (): void => member.news.forEach((news) => void news())
      schedule.after(chance.skewed(0, 5), () => member.process.hears(tell))
    }
  }

  #placesOf(topics: readonly string[]): string[] {
    const { partitionCount } = this.#parts
    return topics.flatMap((topic) =>
      Array.from({ length: partitionCount }, (_, partition) => placeName(topic, partition)),
    )
  }

  #readTo(group: Group, place: string): number {
    return Math.max(group.committed.get(place) ?? 0, group.owners.get(place)?.positions.get(place) ?? 0)
  }

  #size(place: string): number {
    return this.#partitions.get(place)?.length ?? 0
  }
}

/**
 * What is asked for again when it is lost, by the saga's orchestrator or an operator. Nobody does so for a cancel, a
 * saga's end, its history, and a service's own timers and retries.
 */
function isRepairable(message: Message): boolean {
  const { type } = message
  if (type === 'withdraw') return message.saga.pattern === 'orchestration'
  return type === 'command' || type === 'event' || type === 'start'
}

function isReadBy({ news }: Member, message: Message): boolean {
  return news.size === 0 || [...news].some((told) => told([message]) !== false)
}

function placeName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
