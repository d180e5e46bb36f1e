// Owns: a service's own calls, outside any saga, gathered into batches: what each caller is told, and what those at
// home do at once about what a call has brought about.
import type { Outcome } from '@ensemble/core'
import { act } from '../act.ts'
import type { Runner } from '../home.ts'
import type { Link } from '../ports.ts'
import type { Apart } from '../shell/apart.ts'
import { gathered } from '../shell/gather.ts'
import { rerun } from '../shell/race.ts'
import { lengthOfInput, type LocalWork } from './work.ts'

export interface CallsOptions {
  readonly link: Link
  readonly runner: Runner
  readonly apart: Apart
  readonly countMax: number
}

/** Who calls one request of its own; rejects with what its handler throws. */
export function callsOf({
  link,
  runner,
  apart,
  countMax,
}: CallsOptions): (work: LocalWork) => Promise<Outcome> {
  const execute = (
    works: readonly LocalWork[],
    onHome: (() => void) | null,
  ): Promise<readonly (Outcome | Error)[]> =>
    runner.run(() =>
      link.transaction(async (tx) => {
        const { messages, results } = await act(tx, { works, advances: [], ends: [] }, { runner, onHome })
        const value = works.map(({ operation }) => {
          const result = results.get(operation)
          if (result === undefined) return new Error(`operation '${operation}' was not decided`)
          if (result.ok) return result.outcome
          return result.error instanceof Error ? result.error : new Error(String(result.error))
        })
        return { value, messages }
      }),
    )
  return gathered((works) => apart.tried((tries) => rerun(() => execute(works, tries.onHome()))), {
    countMax,
    lengthOf: lengthOfInput,
  })
}
