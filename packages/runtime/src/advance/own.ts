// Owns: sagas of a host that starts and orchestrates them: begun in the start's own transaction, without a way over the
// bus.
import type { Message, SagaRef } from '@ensemble/core'
import type { SagaRow, Transaction } from '../ports.ts'
import { decideAll, loadSagas, type AdvanceOptions } from './advance.ts'
import { heardIn } from './signals.ts'

/** The rows that may be there already: of a saga that was cancelled before its start. */
export async function loadOwn(
  tx: Transaction,
  sagas: readonly SagaRef[],
  options: AdvanceOptions,
): Promise<readonly SagaRow[]> {
  return await loadSagas(
    tx,
    sagas.filter(({ pattern }) => pattern === 'orchestration'),
    options.stores.sagas,
  )
}

/** What is to be sent when these messages start sagas: for those that begin here, the first decisions instead. */
export async function beginOwn(
  tx: Transaction,
  messages: readonly Message[],
  { rows, options }: { readonly rows: readonly SagaRow[]; readonly options: AdvanceOptions },
): Promise<readonly Message[]> {
  const works = messages.flatMap((message) => heardIn(message))
  const decided = await decideAll(tx, works, { rows, options })
  const begun = new Set<Message>(works.map(({ message }) => message))
  return [...messages.filter((message) => !begun.has(message)), ...decided]
}
