// Owns: what is checked of one seed: the run with its faults, and for some seeds that both patterns end alike.
import { alike, run, type RunOptions, type RunResult } from '@ensemble/simulator'

/** It costs as much as three runs. */
const ALIKE_EVERY = 50

export async function check(options: RunOptions): Promise<RunResult> {
  const { seed, subject } = options
  const result = await run(options)
  if (seed % ALIKE_EVERY !== 0) return result
  return { ...result, violations: [...result.violations, ...(await alike({ seed, subject }))] }
}
