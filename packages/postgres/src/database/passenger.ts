/**
 * Owns one statement on its way: what is written for it and what its answer says. Does not own who travels with it.
 * I1: a named statement is parsed once per connection, and asked for its columns once.
 */
import type { Duplex } from 'node:stream'
import driver from 'pg/lib/utils.js'
import type { Result } from './types.ts'

export interface Booking {
  /** Prepared under this name, once per connection; null: parsed each time. */
  readonly name: string | null
  readonly text: string
  readonly values: readonly unknown[]
  /** Sent as plain text: several statements in one, no values. Travels alone. */
  readonly isPlain: boolean
  /** For tests: called once it has been written. */
  readonly onSent: (() => void) | undefined
}

export interface Answer extends Result {
  /** The command tag's first word. */
  readonly command: string
}

/** What the driver's connection can do and its types leave out. */
export interface DriverConnection {
  readonly stream: Duplex
  /** Kept by the driver's client. */
  readonly parsedStatements: Record<string, string>
  /** Those whose parsing has not been answered; what the server passes over is taken out by the flight. */
  readonly submittedNamedStatements: Record<string, string>
  query(text: string): void
  parse(message: { readonly name: string; readonly text: string }): void
  bind(message: {
    readonly statement: string
    readonly values: readonly unknown[]
    readonly valueMapper: (value: unknown) => unknown
  }): void
  describe(message: { readonly type: 'P'; readonly name: string }): void
  execute(): void
  sync(): void
  on(event: string, listener: () => void): void
  off(event: string, listener: () => void): void
  sendCopyFail(reason: string): void
}

/** How the driver reads the text of a value. */
export interface Types {
  getTypeParser(typeId: number, format: 'text'): (text: string) => unknown
}

interface Column {
  readonly name: string
  readonly parse: (text: string) => unknown
}

/** By name of the statement, for each connection. Empty: it answers no rows. */
const known = new WeakMap<DriverConnection, Map<string, readonly Column[]>>()

/** Who waits for a statement's answer. */
interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

export class Passenger {
  readonly name: string | null
  readonly text: string
  readonly isPlain: boolean
  readonly #booking: Booking
  readonly #types: Types
  readonly #waiting: Waiting
  #memory: Map<string, readonly Column[]> | undefined
  #columns: readonly Column[] = []
  #rows: Record<string, unknown>[] = []
  #failure: { readonly error: unknown } | undefined
  #command = ''
  #count = 0
  /** Told its error before it was written: nobody answers it. */
  isRefused = false

  constructor(booking: Booking, types: Types, waiting: Waiting) {
    this.name = booking.name
    this.text = booking.text
    this.isPlain = booking.isPlain
    this.#booking = booking
    this.#types = types
    this.#waiting = waiting
  }

  board(connection: DriverConnection): void {
    if (this.isPlain) {
      connection.query(this.text)
      return
    }
    try {
      this.#write(connection)
    } catch (error) {
      this.refuse(error)
    }
  }

  #write(connection: DriverConnection): void {
    const { name, text } = this
    const memory = known.get(connection) ?? new Map<string, readonly Column[]>()
    known.set(connection, memory)
    const statement = name ?? ''
    const { parsedStatements, submittedNamedStatements } = connection
    const parsed = name === null ? undefined : (parsedStatements[name] ?? submittedNamedStatements[name])
    if (parsed !== undefined && parsed !== text)
      throw new Error(`the name '${statement}' is another statement's`)
    if (parsed === undefined) {
      connection.parse({ name: statement, text })
      if (name !== null) submittedNamedStatements[name] = text
    }
    connection.bind({ statement, values: this.#booking.values, valueMapper: driver.prepareValue })
    const columns = name === null ? undefined : memory.get(name)
    if (columns === undefined) connection.describe({ type: 'P', name: '' })
    connection.execute()
    this.#columns = columns ?? []
    this.#memory = columns === undefined ? memory : undefined
  }

  sent(): void {
    this.#booking.onSent?.()
  }

  columns({
    fields,
  }: {
    readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[]
  }): void {
    this.#rows = []
    this.#columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: this.#types.getTypeParser(dataTypeID, 'text'),
    }))
  }

  row({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.#failure !== undefined) return
    try {
      const row: Record<string, unknown> = {}
      for (const [index, { name, parse }] of this.#columns.entries()) {
        const text = fields[index] ?? null
        row[name] = text === null ? null : parse(text)
      }
      this.#rows.push(row)
    } catch (error) {
      this.#failure = { error }
    }
  }

  complete({ text }: { readonly text: string }): void {
    const words = text.split(' ')
    this.#command = words[0] ?? ''
    this.#count = Number(words.at(-1)) || 0
    if (this.name !== null) this.#memory?.set(this.name, this.#columns)
  }

  /** Everything that it travelled with has been answered. */
  arrive(): void {
    if (this.isRefused) return
    if (this.#failure === undefined) {
      this.#waiting.resolve({ rows: this.#rows, count: this.#count, command: this.#command })
    } else this.#waiting.reject(this.#failure.error)
  }

  refuse(error: unknown): void {
    if (this.isRefused) return
    this.isRefused = true
    this.#waiting.reject(error)
  }
}
