/**
 * Owns arrays of texts in the server's binary form. Most of what the engine writes are such arrays of JSON, and in the
 * text form each quote of theirs is escaped here and unescaped there.
 * I1: only for parameters that the statement casts to text[]: the server takes no other type in this form.
 */
import type { Statement } from './statement.ts'

const TEXT_OID = 25
const NULL_LENGTH = -1
/** Dimensions, whether there are nulls, type; then length and lower bound of the one dimension. */
const HEADER_BYTES = 20
const LENGTH_BYTES = 4

const known = new WeakMap<Statement, ReadonlySet<number>>()

/** Indices of the values that a statement takes as `text[]`. */
export function textArraysOf(statement: Statement): ReadonlySet<number> {
  const before = known.get(statement)
  if (before !== undefined) return before
  const found = new Set(
    [...statement.text.matchAll(/\$(\d+)::text\[\]/g)].map(([, index]) => Number(index) - 1),
  )
  known.set(statement, found)
  return found
}

/** Null for what is not an array of texts and nulls, which the driver encodes in its own way. */
export function textArray(value: unknown): Buffer | null {
  if (!Array.isArray(value)) return null
  const items: readonly unknown[] = value
  let size = HEADER_BYTES + LENGTH_BYTES * items.length
  let hasNull = false
  for (const item of items) {
    if (typeof item === 'string') size += Buffer.byteLength(item)
    else if (item === null || item === undefined) hasNull = true
    else return null
  }
  const buffer = Buffer.allocUnsafe(size)
  let at = buffer.writeInt32BE(items.length === 0 ? 0 : 1)
  at = buffer.writeInt32BE(hasNull ? 1 : 0, at)
  at = buffer.writeInt32BE(TEXT_OID, at)
  at = buffer.writeInt32BE(items.length, at)
  at = buffer.writeInt32BE(1, at)
  for (const item of items) {
    if (typeof item !== 'string') {
      at = buffer.writeInt32BE(NULL_LENGTH, at)
      continue
    }
    const length = buffer.write(item, at + LENGTH_BYTES)
    buffer.writeInt32BE(length, at)
    at += LENGTH_BYTES + length
  }
  return items.length === 0 ? buffer.subarray(0, HEADER_BYTES - 2 * LENGTH_BYTES) : buffer
}
