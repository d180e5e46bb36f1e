// Owns: the fingerprint of a saga's input: equal for equal content whatever the order of keys.
import { isRecord } from '@ensemble/core'
import { createHash } from 'node:crypto'

export interface Print {
  readonly fingerprint: string
  /** Characters of the input as JSON. */
  readonly length: number
}

export function printOf(input: unknown): Print {
  const text = canonical(input)
  return { fingerprint: createHash('sha256').update(text).digest('hex'), length: text.length }
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null'
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
  return `{${fields.join(',')}}`
}
