// Owns: what checkers read: the rows that are committed, the history of each row, the messages that were ever on the
// bus, and what was done outside. Nothing here knows the engine's code.
import { decisionsApart, isRecord, unpack, type Message, type Slip, type Time } from '@ensemble/core'
import type { Entries, Row, Rows } from '@ensemble/runtime'
import type { BusRecord } from './bus/record.ts'
import type { Table } from './database/table.ts'
import type { Deed } from './outside.ts'
import { typed } from './typed.ts'

export interface RowHistory {
  readonly table: string
  readonly schema: string
  readonly key: string
  /** Every committed version, oldest first; null for deleted. */
  readonly versions: readonly (object | null)[]
  /** When each was committed, in the run's time. */
  readonly times: readonly Time[]
}

type Fields = Readonly<Record<string, unknown>>

/** How an operation stands that has its answer. */
export const ANSWERED: ReadonlySet<string> = new Set([
  'succeeded',
  'rejected',
  'withdrawn',
  'faulted',
  'unknown',
])

/** What the engine keeps in a row of its own, where other columns stand beside it; null where there is none. */
export function keptIn(stored: object | null): Fields | null {
  return stored !== null && 'row' in stored && isRecord(stored.row) ? stored.row : null
}

/** A message that was put away; the one that was to be tried again, where it was a retry. */
export interface Buried {
  readonly reason: string
  readonly message: Message
}

export class Evidence {
  readonly deeds: ReadonlyMap<string, Deed>
  /** What the bus has handed over and lost. */
  readonly bus: Readonly<BusRecord>
  readonly #tables: readonly Table[]
  readonly #read: () => readonly Message[]
  #messages: readonly Message[] | null = null
  #slips: readonly Slip[] | null = null

  constructor(what: {
    tables: readonly Table[]
    messages: () => readonly Message[]
    deeds: ReadonlyMap<string, Deed>
    bus: Readonly<BusRecord>
  }) {
    this.bus = what.bus
    this.#tables = what.tables
    this.deeds = what.deeds
    this.#read = what.messages
  }

  /** Every message that was ever on the bus, each decision by itself, in no particular order between partitions. */
  get messages(): readonly Message[] {
    this.#messages ??= this.#read().flatMap(decisionsApart)
    return this.#messages
  }

  /** Those that ever went over the bus, and those that are kept of turns that were taken at home. */
  get slips(): readonly Slip[] {
    this.#slips ??= [...this.messages, ...this.#kept()].flatMap((message) =>
      (message.type === 'event' || message.type === 'start') && message.slip !== null ? [message.slip] : [],
    )
    return this.#slips
  }

  /** Committed rows of the tables of this name, of one service or of all. */
  rows(name: string, schema: string | null = null): readonly object[] {
    return this.#named(name, schema).flatMap((table) => [...table.committed().values()])
  }

  /** What is among the dead letters and can be read. */
  buried(): readonly Buried[] {
    return this.rows('dead letters').flatMap((row) => {
      const letter = 'letter' in row && isRecord(row.letter) ? row.letter : {}
      const text = String(letter['text'])
      // One message, or several as they travel.
      return unpack(text.startsWith('[') ? text : `[${text}]`).flatMap((one) =>
        one.ok
          ? decisionsApart(retried(one.message)).map((message) => ({
              reason: String(letter['reason']),
              message,
            }))
          : [],
      )
    })
  }

  /** Committed rows of the services' own tables, by service and table. */
  business(): ReadonlyMap<string, readonly object[]> {
    const own = this.#tables.filter(({ isOwn }) => isOwn)
    return new Map(own.map((table) => [`${table.schema} ${table.name}`, [...table.committed().values()]]))
  }

  /** The committed states of a service's rows. */
  states<State>({ name }: Rows<State>): readonly State[] {
    return this.rows(name).map((row) => typed<Row<State>>(row).state)
  }

  /** Every committed state of each of a service's rows, oldest first. */
  versions<State>({ name }: Rows<State>): readonly (readonly State[])[] {
    return this.histories(name).map(({ versions }) =>
      versions.flatMap((row) => (row === null ? [] : [typed<Row<State>>(row).state])),
    )
  }

  /** The committed entries of a service, in the order they were appended. */
  entries<Entry>({ name }: Entries<Entry>): readonly Entry[] {
    return this.rows(name)
      .map((row) => typed<{ readonly sequence: number; readonly entry: Entry }>(row))
      .sort((a, b) => a.sequence - b.sequence)
      .map(({ entry }) => entry)
  }

  histories(name: string): readonly RowHistory[] {
    return this.#named(name, null).flatMap((table) =>
      [...table.slots].map(([key, slot]) => ({
        table: name,
        schema: table.schema,
        key,
        versions: slot.versions.map(({ row }) => row),
        times: slot.versions.map(({ at }) => at),
      })),
    )
  }

  /** What rows have kept to be sent again. */
  #kept(): readonly Message[] {
    const versions = ['operations', 'starts'].flatMap((name) =>
      this.histories(name).flatMap((row) => row.versions),
    )
    const texts = new Set(versions.map((version) => keptIn(version)?.['sent']))
    return [...texts].flatMap((text) =>
      typeof text === 'string' ? unpack(text).flatMap((one) => (one.ok ? [one.message] : [])) : [],
    )
  }

  #named(name: string, schema: string | null): readonly Table[] {
    return this.#tables.filter((table) => table.name === name && (schema === null || table.schema === schema))
  }
}

function retried(message: Message): Message {
  return message.type === 'retry' ? message.message : message
}
