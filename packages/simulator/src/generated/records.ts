// Owns: reading what the made-up participants have recorded: their ledger, their rows, what they followed.
import { isRecord } from '@ensemble/core'
import type { Evidence } from '../evidence.ts'

/** One effect of one operation, or one followed event. */
export interface Entry {
  readonly operation: string
  readonly mark: string
  readonly direction: string
  readonly at: number
}

export function entriesIn(evidence: Evidence, table: 'ledger' | 'followed'): readonly Entry[] {
  return evidence.rows(table).flatMap((row) => {
    const entry = 'entry' in row && isRecord(row.entry) ? row.entry : null
    if (entry === null) return []
    const { operation, mark, direction, at } = entry
    return [
      { operation: String(operation), mark: String(mark), direction: String(direction), at: Number(at) },
    ]
  })
}

/** How often the effect of a mark counts: its runs without its undos. */
export function netOf(entries: readonly Entry[]): number {
  const runs = entries.filter(({ direction }) => direction === 'run').length
  return runs - (entries.length - runs)
}

/** What each row says of each mark. */
export function marksIn(evidence: Evidence): readonly { readonly mark: string; readonly says: string }[] {
  return [...evidence.rows('thing'), ...evidence.rows('written')].flatMap((row) => {
    const marks =
      'state' in row && isRecord(row.state) && isRecord(row.state['marks']) ? row.state['marks'] : {}
    return Object.entries(marks).map(([mark, says]) => ({ mark, says: String(says) }))
  })
}
