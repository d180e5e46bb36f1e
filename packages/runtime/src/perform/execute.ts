// Owns: a batch of a service's own calls, outside any saga: what each caller is told.
import type { Message, Outcome } from '@ensemble/core'
import type { Transaction } from '../ports.ts'
import { perform, type PerformOptions } from './perform.ts'
import type { LocalWork } from './work.ts'

export interface Executed {
  /** Of each call, in order. */
  readonly value: readonly (Outcome | Error)[]
  readonly messages: readonly Message[]
}

export async function execute(
  tx: Transaction,
  works: readonly LocalWork[],
  options: PerformOptions,
): Promise<Executed> {
  const { messages, results } = await perform(tx, works, options)
  const value = works.map(({ operation }) => {
    const result = results.get(operation)
    if (result === undefined) return new Error(`operation '${operation}' was not decided`)
    if (result.ok) return result.outcome
    return result.error instanceof Error ? result.error : new Error(String(result.error))
  })
  return { value, messages }
}
