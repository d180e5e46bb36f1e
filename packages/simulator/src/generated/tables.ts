// Owns: the tables of the made-up participants, what a step leaves in them, and the trouble that it has: it throws, or
// leaves what a constraint of its table refuses.
import { memoryEntries, memoryRows, writing } from '@ensemble/memory'
import type { Row, Rows, Transaction } from '@ensemble/runtime'
import { raised } from '../database/errors.ts'
import type { Ordered } from './contracts.ts'

/** `kept` is done, by a withdraw that came too late; `broken` is never stored. */
export type Mark = 'done' | 'kept' | 'undone' | 'waiting' | 'withdrawn' | 'expired' | 'refused' | 'broken'

export interface Thing {
  readonly key: string
  /** By `Ordered.mark`. */
  readonly marks: Readonly<Record<string, Mark>>
}

/** One effect that was recorded. */
export interface Recorded {
  readonly operation: string
  readonly mark: string
  readonly direction: 'run' | 'undo'
  readonly amount: number
  readonly at: number
}

/** What an operation is done with. */
export interface At {
  readonly now: number
  readonly operation: string
}

/** Whether a step may be refused; if not it does not always throw. */
export type Work = 'refusable' | 'certain'

const key = ({ key: own }: Thing): string => own

export const things = constrained(memoryRows<Thing>({ name: 'thing', key }))
export const written = memoryRows<Thing>({ name: 'written', key })
export const seen = memoryRows<Thing>({ name: 'seen', key })
/** No key: an operation that is recorded twice is seen. */
export const ledger = memoryEntries<Recorded>({ name: 'ledger' })
export const followed = memoryEntries<{ readonly operation: string }>({ name: 'followed' })

/** A table with a constraint: one broken row fails the whole statement, and with it the batch. */
function constrained(rows: Rows<Thing>): Rows<Thing> {
  const isBroken = ({ state }: Row<Thing>): boolean => Object.values(state.marks).includes('broken')
  return {
    ...rows,
    insert: async (tx, given) => await (given.some(isBroken) ? refuse(tx) : rows.insert(tx, given)),
    update: async (tx, given) => await (given.some(isBroken) ? refuse(tx) : rows.update(tx, given)),
  }
}

async function refuse(tx: Transaction): Promise<void> {
  await writing(tx, () => {
    throw raised('SQL', 'a constraint refuses the row')
  })
}

export function faultless(input: Ordered, now: number, work: Work): void {
  if (work === 'refusable' && input.part.run === 'throw') throw new Error('it always throws')
  if (isTroubled(input, now, work)) throw new Error('it throws for a while')
}

/** The mark that a step leaves; in trouble, or always, it throws, or leaves a broken one. */
export function leaves(input: Ordered, now: number, { work, mark }: { work: Work; mark: Mark }): Mark {
  const isBad = isTroubled(input, now, work) || (work === 'refusable' && input.part.run === 'throw')
  if (input.part.breaks && isBad) return 'broken'
  faultless(input, now, work)
  return mark
}

function isTroubled({ part }: Ordered, now: number, work: Work): boolean {
  return now < (work === 'refusable' ? part.troubleUntil : part.certainTroubleUntil)
}

export function marked(state: Thing | undefined, input: Pick<Ordered, 'key' | 'mark'>, mark: Mark): Thing {
  return { key: input.key, marks: { ...state?.marks, [input.mark]: mark } }
}

export function entry(input: Ordered, { operation, now }: At, direction: 'run' | 'undo'): Recorded {
  const amount = direction === 'run' ? input.amount : -input.amount
  return { operation, mark: input.mark, direction, amount, at: now }
}
