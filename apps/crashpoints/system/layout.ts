// Owns: where the parts of a system keep their rows: the two layouts, schemas, and what a process is told of them.
import type { Pattern } from '@ensemble/core'

/** `one`: the bus's log is in the services' database. `apart`: in one of its own, behind an outbox. */
export type Layout = 'one' | 'apart'

export const LAYOUTS: readonly Layout[] = ['one', 'apart']

/** Services by schema. The orchestrator runs where the pattern needs it; the stock may do its work, and the desk's. */
export const SERVICES = ['stock', 'till', 'history', 'desk', 'orchestrator'] as const

export type ServiceName = (typeof SERVICES)[number]

export interface Places {
  readonly pattern: Pattern
  readonly layout: Layout
  /** The services' database. */
  readonly url: string
  /** The log's; the same one in the layout `one`. */
  readonly busUrl: string
}
