// Owns: fields whose values history never keeps, by name. Pure, but for passing on.
// I1: they are gone before a storage sees them: in what is recorded from the bus and in what callers save.
// I2: only what the business says is looked into: steps, statuses, ids and times stay. A note is one text and stays.
import { isRecord } from '@ensemble/core'
import type { HistoryEntry } from '@ensemble/core'
import type { EntryData } from './documents.ts'
import type { HistoryBatch, HistoryStorage } from './storage.ts'

const REDACTED = '[redacted]'

/** The storage behind a shield: `fields` are names, in upper or lower case, at any depth. */
export function redacting(storage: HistoryStorage, fields: readonly string[]): HistoryStorage {
  if (fields.length === 0) return storage
  const names = new Set(fields.map((field) => field.toLowerCase()))
  return {
    ...storage,
    record: (tx, batch) => storage.record(tx, redacted(batch, names)),
    save: (draft) => storage.save({ ...draft, data: dataWithout(draft.data, names) }),
  }
}

type Names = ReadonlySet<string>

function redacted(batch: HistoryBatch, names: Names): HistoryBatch {
  return {
    ...batch,
    decisions: batch.decisions.map((decision) => {
      return { ...decision, entries: decision.entries.map((entry) => entryWithout(entry, names)) }
    }),
    entries: batch.entries.map((entry) => ({ ...entry, data: dataWithout(entry.data, names) })),
  }
}

function entryWithout(entry: HistoryEntry, names: Names): HistoryEntry {
  switch (entry.type) {
    case 'started':
      return { ...entry, input: without(entry.input, names) }
    case 'answered':
    case 'ended':
      return { ...entry, data: without(entry.data, names) }
    case 'going-back':
      return { ...entry, because: { ...entry.because, data: without(entry.because.data, names) } }
    case 'asked':
    case 'accepted':
    case 'cancelled':
    case 'undone':
      return entry
    default:
      return entry satisfies never
  }
}

function dataWithout(data: EntryData, names: Names): EntryData {
  const { result, error } = data
  return {
    ...data,
    ...(result !== undefined && { result: without(result, names) }),
    ...(error !== undefined && { error: without(error, names) }),
  }
}

function without(value: unknown, names: Names): unknown {
  if (Array.isArray(value)) return value.map((one) => without(one, names))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      return [name, names.has(name.toLowerCase()) ? REDACTED : without(inner, names)]
    }),
  )
}
