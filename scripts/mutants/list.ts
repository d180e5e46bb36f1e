// Owns: all mutants, in the order in which they are run.
import { effectMutants } from './effects.ts'
import { kernelMutants } from './kernel.ts'
import type { Mutant } from './mutant.ts'
import { operationMutants } from './operations.ts'
import { orchestratorMutants } from './orchestrator.ts'
import { shellMutants } from './shell.ts'

export const mutants: readonly Mutant[] = [
  ...kernelMutants,
  ...orchestratorMutants,
  ...operationMutants,
  ...effectMutants,
  ...shellMutants,
]
