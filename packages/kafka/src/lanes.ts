// Owns: what a reader knows of the partitions that are its own: what came, what is handed out, what is done. Pure.
// I1: messages of a partition are handed out in order, to one holder at a time.
// I2: a done position only ever moves forward; what comes from before it is left out.
// I3: what nobody here reads is done as soon as all before it is.
import { Room } from '@ensemble/runtime'
import type { Delivered } from '@ensemble/runtime'

export interface Place {
  readonly topic: string
  readonly partition: number
}

export interface Position extends Place {
  /** Of the first message that is not done. */
  readonly offset: number
}

/** A message that came, and the characters of its value. */
interface Arrived {
  readonly message: Delivered
  readonly length: number
}

interface Slice extends Place {
  readonly arrived: readonly Arrived[]
  /** Where the partition stood when they were handed out. */
  readonly from: number
  /** Behind the last message. */
  readonly to: number
}

export interface Hold {
  readonly messages: readonly Delivered[]
  readonly slices: readonly Slice[]
}

interface Lane extends Place {
  done: number
  /** Behind the last message that came. */
  end: number
  waiting: Arrived[]
  holder: Slice | null
}

function isIdle({ waiting, holder }: Lane): boolean {
  return waiting.length === 0 && holder === null
}

export function placeKey({ topic, partition }: Place): string {
  return `${topic}/${partition}`
}

export class Lanes {
  readonly #lanes: Map<string, Lane>
  #turn = 0
  #waitingCount = 0

  constructor(positions: readonly Position[]) {
    this.#lanes = new Map(
      positions.map(({ topic, partition, offset }) => [
        placeKey({ topic, partition }),
        { topic, partition, done: offset, end: offset, waiting: [], holder: null },
      ]),
    )
  }

  /** Messages that came and are not handed out. */
  get waitingCount(): number {
    return this.#waitingCount
  }

  /** Of those, the ones whose partition nobody holds. */
  get freeCount(): number {
    const free = [...this.#lanes.values()].filter(({ holder }) => holder === null)
    return free.reduce((count, { waiting }) => count + waiting.length, 0)
  }

  doneAt(place: Place): number | undefined {
    return this.#lanes.get(placeKey(place))?.done
  }

  add(message: Delivered, length: number): void {
    const lane = this.#lanes.get(placeKey(message))
    if (lane === undefined || Number(message.position) < lane.done) return
    lane.end = Number(message.position) + 1
    lane.waiting.push({ message, length })
    this.#waitingCount += 1
  }

  /** Leaves out what means nothing here. */
  pass({ topic, partition, position }: Pick<Delivered, 'topic' | 'partition' | 'position'>): void {
    const lane = this.#lanes.get(placeKey({ topic, partition }))
    if (lane !== undefined) lane.end = Math.max(lane.end, Number(position) + 1)
  }

  /** Answers the positions that have moved past what was left out. */
  passed(): readonly Position[] {
    return [...this.#lanes.values()].flatMap((lane) => {
      if (!isIdle(lane) || lane.end <= lane.done) return []
      lane.done = lane.end
      return [{ topic: lane.topic, partition: lane.partition, offset: lane.done }]
    })
  }

  /**
   * At most `countMax` messages, no longer than a batch may be, of partitions that nobody holds, with another one first
   * each time.
   */
  take(countMax: number): Hold | null {
    const slices: Slice[] = []
    const room = new Room(countMax)
    for (const lane of this.#inTurn()) {
      const count = lane.holder === null ? room.takeFrom(lane.waiting) : 0
      if (count === 0) continue
      const arrived = lane.waiting.splice(0, count)
      const to = Number(arrived.at(-1)?.message.position) + 1
      lane.holder = { topic: lane.topic, partition: lane.partition, arrived, from: lane.done, to }
      slices.push(lane.holder)
      this.#waitingCount -= count
    }
    if (slices.length === 0) return null
    return { messages: slices.flatMap(({ arrived }) => arrived.map(({ message }) => message)), slices }
  }

  /**
   * Answers the positions that moved. A hold of earlier lanes, from before the partitions were shared out anew, moves
   * those that are here and stand where it found them: whoever handled its messages has committed.
   */
  finish({ slices }: Hold): readonly Position[] {
    return slices.flatMap((slice) => {
      const lane = this.#lanes.get(placeKey(slice))
      if (lane === undefined) return []
      if (lane.holder === slice) lane.holder = null
      else if (lane.done !== slice.from) return []
      if (lane.done >= slice.to) return []
      lane.done = slice.to
      const rest = lane.waiting.filter(({ message }) => Number(message.position) >= slice.to)
      this.#waitingCount -= lane.waiting.length - rest.length
      lane.waiting = rest
      if (isIdle(lane)) lane.done = Math.max(lane.done, lane.end)
      return [{ topic: lane.topic, partition: lane.partition, offset: lane.done }]
    })
  }

  /** Gives messages back unmoved; those of earlier lanes come again anyway. */
  release({ slices }: Hold): void {
    for (const slice of slices) {
      const lane = this.#lanes.get(placeKey(slice))
      if (lane?.holder !== slice) continue
      lane.holder = null
      const back = slice.arrived.filter(({ message }) => Number(message.position) >= lane.done)
      lane.waiting.unshift(...back)
      this.#waitingCount += back.length
    }
  }

  #inTurn(): readonly Lane[] {
    const lanes = [...this.#lanes.values()]
    const start = this.#turn % Math.max(1, lanes.length)
    this.#turn += 1
    return [...lanes.slice(start), ...lanes.slice(0, start)]
  }
}
