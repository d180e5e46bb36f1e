// Owns: what a call of the engine's ports is in these scenes, and what all of them share.
// I1: a call is the same function of the ports on both sides; what differs between two servers by nature (the time of
// day) is far from every due time that is drawn.
// I2: no two due times of a scene are equal: what is first among equals is promised nowhere.
import type { Message, Time } from '@ensemble/core'
import type { Entries, Link, Rows, Stores, Transaction } from '@ensemble/runtime'
import type { Chance } from '../../src/chance.ts'

export interface Thing {
  readonly id: string
  readonly amount: number
}

export interface Ports {
  readonly stores: Stores
  readonly rows: Rows<Thing>
  readonly entries: Entries<Thing>
  readonly link: Link
}

/** Where a call is made. */
export interface At extends Ports {
  readonly tx: Transaction
  /** Versions of the rows that this transaction has loaded. */
  readonly seen: Map<string, number>
}

export interface Call {
  readonly text: string
  /** More than one statement, so that it cannot be deferred. */
  readonly isLong?: true
  /** Its answer may depend on who holds a lock, or on the time of day: no serial order has to explain it. */
  readonly isSerial?: false
  readonly run: (at: At) => Promise<unknown>
}

export interface Draw {
  readonly chance: Chance
  /** A number that this scene has not used. */
  readonly next: () => number
}

export type Maker = (draw: Draw) => Call

/** The calls about one table. */
export interface Family {
  /** Stores rows. */
  readonly insert: Maker
  readonly others: readonly Maker[]
  /** Reads everything that they can have left. */
  readonly look: Call
}

export const HOUR_MS = 3_600_000
export const LONG_AGO: Time = 1_700_000_000_000
export const FAR_AWAY: Time = 4_000_000_000_000
export const PLAN = 'order.place'

/** One to all of these, in any order. */
export function some(chance: Chance, items: readonly string[]): string[] {
  return chance.shuffled(items).slice(0, chance.int(1, items.length))
}

export function dueAt({ chance, next }: Draw): Time {
  return (chance.hit(0.75) ? LONG_AGO : FAR_AWAY) + next()
}

export function note(id: string, topic = 't'): Message {
  return { type: 'timer', id, topic, key: 'k', name: 'tick', at: LONG_AGO, data: null, saga: null }
}

export function pairs(items: readonly (readonly [string, string | number])[]): string {
  return items.map(([name, value]) => `${name}=${value}`).join(' ')
}
