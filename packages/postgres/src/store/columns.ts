// Owns: reading columns of rows that our own statements returned, and writing what a column cannot hold as it
// is.
// Does not own: which columns there are.
import type { Message, Time } from '@ensemble/core'
import { pack } from '@ensemble/core'

export type Columns = Readonly<Record<string, unknown>>

class UnreadableRow extends Error {
  override readonly name = 'UnreadableRow'
  readonly code = 'ROW_UNREADABLE'
}

export function text(row: Columns, name: string): string {
  const value = row[name]
  if (typeof value !== 'string') throw new UnreadableRow(`column ${name} is not a text`)
  return value
}

export function textOrNull(row: Columns, name: string): string | null {
  return isNull(row, name) ? null : text(row, name)
}

/** int4 arrives as a number, int8 as text. */
export function integer(row: Columns, name: string): number {
  const value = Number(row[name] ?? Number.NaN)
  if (!Number.isSafeInteger(value)) throw new UnreadableRow(`column ${name} is not an integer`)
  return value
}

export function time(row: Columns, name: string): Time {
  const value = row[name]
  if (!(value instanceof Date)) throw new UnreadableRow(`column ${name} is not a time`)
  return value.getTime()
}

export function timeOrNull(row: Columns, name: string): Time | null {
  return isNull(row, name) ? null : time(row, name)
}

/** Our own JSON in a text column: its shape is what the same column was given. */
function json<T>(row: Columns, name: string): T {
  return JSON.parse(text(row, name)) as T
}

export function jsonOrNull<T>(row: Columns, name: string): T | null {
  return isNull(row, name) ? null : json<T>(row, name)
}

/** Moved, not handled: a message of a type that only a newer instance knows goes on to it, and blocks nobody. */
export function messages(row: Columns, name: string): readonly Message[] {
  return json<readonly Message[]>(row, name)
}

export function isNull(row: Columns, name: string): boolean {
  return row[name] === null || row[name] === undefined
}

export function timeText(at: Time): string {
  return new Date(at).toISOString()
}

export function timeTextOrNull(at: Time | null): string | null {
  return at === null ? null : timeText(at)
}

export function jsonText(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value)
}

export function messagesText(list: readonly Message[]): string {
  return pack(list)
}

/** The first of each key: a join with keys that are given twice answers or changes a row twice. */
export function distinct<Row>(rows: readonly Row[], key: (row: Row) => string): readonly Row[] {
  const first = new Map<string, Row>()
  for (const row of rows) if (!first.has(key(row))) first.set(key(row), row)
  return [...first.values()]
}

/** One order for all writers, so that two inserts of the same keys never wait for each other. */
export function sorted<Row>(rows: readonly Row[], key: (row: Row) => string): readonly Row[] {
  const keyed = rows.map((row) => ({ row, key: key(row) }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key))).map(({ row }) => row)
}
