// Owns: who takes part in a comparison, and how each is run.
import { fileURLToPath } from 'node:url'
import { flagsOf } from '../measure/options.ts'
import type { Cell } from '../measure/rounds.ts'

export const CONTENDERS = ['orchestration', 'choreography', 'dbos', 'restate', 'temporal', 'dtm'] as const
export type Contender = (typeof CONTENDERS)[number]

export const CONTENDER_NAMES: Readonly<Record<Contender, string>> = {
  orchestration: 'Ensemble, orchestration',
  choreography: 'Ensemble, choreography',
  dbos: 'DBOS 5.3',
  restate: 'Restate 1.7',
  temporal: 'Temporal 1.29',
  dtm: 'dtm 1.19',
}

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const OURS = pathOf('../bench.ts')
const THEIRS: Readonly<Partial<Record<Contender, string>>> = {
  dbos: pathOf('programs/dbos.ts'),
  restate: pathOf('programs/restate.ts'),
  temporal: pathOf('programs/temporal.ts'),
  dtm: pathOf('programs/dtm.ts'),
}

export interface Wish {
  readonly concurrency: number
  readonly seconds: number
  readonly warmUp: number
  readonly fail: number
}

export interface ContenderCell extends Cell {
  readonly contender: Contender
  readonly concurrency: number
}

export function contenderCell(contender: Contender, wish: Wish): ContenderCell {
  const { concurrency } = wish
  const program = THEIRS[contender]
  return {
    name: `${CONTENDER_NAMES[contender]}, ${concurrency} callers`,
    contender,
    concurrency,
    command: (adminUrl) =>
      program === undefined
        ? { program: OURS, args: flagsOf({ ...wish, pattern: contender, databaseUrl: adminUrl }) }
        : { program, args: [JSON.stringify({ ...wish, adminUrl })] },
  }
}

export function isPeer(contender: Contender): boolean {
  return contender in THEIRS
}
