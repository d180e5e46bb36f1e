// Owns: what a host does in one transaction about what has reached it: it decides, does what it has asked of itself,
// and decides on what came of that.
// I1: once each: what is decided on then goes over the bus, so that a batch is bounded.
// I2: rows are locked in the order in which they always are: those of participants together, whatever asked for them,
// then those of sagas. So only what is remembered of sagas, which locks nothing, is decided on first.
import type { Message } from '@ensemble/core'
import { Advancing, type AdvanceOptions } from './advance/advance.ts'
import type { AdvanceWork } from './advance/signals.ts'
import { tell } from './diagnostics.ts'
import { HeardAtHome } from './local.ts'
import { perform, type PerformOptions } from './perform/perform.ts'
import type { Service, Work } from './perform/work.ts'
import type { Database, SagaRow, StartEnd, Transaction } from './ports.ts'

/** What a history observer is given, in the batch's transaction. */
export interface Observer {
  readonly topics: readonly string[]
  readonly record: (tx: Transaction, messages: readonly Message[]) => Promise<void>
}

export interface EndsHeard {
  tellEnds(ends: readonly StartEnd[]): void
}

export interface ActOptions {
  readonly service: Service
  readonly database: Database
  readonly perform: PerformOptions
  readonly advance: AdvanceOptions | null
  readonly observer: Observer | null
  /** Who hears the ends of sagas; null when this host starts none. */
  readonly starter: EndsHeard | null
}

export interface Reached {
  readonly works: readonly Work[]
  readonly advances: readonly AdvanceWork[]
  readonly ends: readonly StartEnd[]
  /** Sent in this transaction before anything else: the first may ask this host for something. */
  readonly sent?: readonly Message[]
  /** Those of the sagas, where they are in hand. */
  readonly rows?: readonly SagaRow[]
}

/**
 * Returns what is to be sent. Unless `onHome` is null the host hears at once what it says to itself, and `onHome` is
 * told.
 */
export async function act(
  tx: Transaction,
  { works, advances, ends, sent = [], rows }: Reached,
  { options, onHome }: { readonly options: ActOptions; readonly onHome: (() => void) | null },
): Promise<readonly Message[]> {
  const { service, database, starter } = options
  const home = new HeardAtHome(options, onHome)
  const advancing = options.advance === null ? null : new Advancing(tx, options.advance)
  const early = onHome !== null || rows !== undefined ? (advancing?.inHand(advances, rows) ?? []) : []
  const decided = (await advancing?.hear(early)) ?? []
  const asked = [...works, ...home.asked(sent), ...home.asked(decided)]
  const performed = await perform(tx, asked, options.perform, home)
  home.hear([...decided, ...performed.messages])
  const heard = new Set(early)
  const late = [...advances.filter((work) => !heard.has(work)), ...home.advances]
  const more = (await advancing?.hear(late, performed.at)) ?? []
  home.hear(more)
  const told = (await advancing?.store()) ?? []
  const allEnds = [...ends, ...home.ends]
  if (starter !== null && allEnds.length > 0) {
    tx.defer(database.stores.starts.ended(tx, allEnds))
    tx.onCommit(() => starter.tellEnds(allEnds))
  }
  if (performed.count > 0) tell('perform', { service: service.name, count: performed.count })
  const advanceCount = advances.length + home.advances.length
  if (advanceCount > 0) tell('advance', { service: service.name, count: advanceCount })
  return home.marked([...sent, ...decided, ...performed.messages, ...more, ...told])
}
