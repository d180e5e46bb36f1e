// Owns: the fingerprint of a plan, readable on purpose: when a stored one differs, the first differing line
// names the step that moved.
import type { Step } from './plan.ts'

/**
 * One line per step: `kind name run-request [undo-request]`, joined by `;`. Deadlines may change without a
 * new version.
 */
export function fingerprint(steps: readonly Step[]): string {
  return steps.map(lineOf).join(';')
}

function lineOf(step: Step): string {
  const run = `${step.run.ref.participant}.${step.run.ref.request}`
  const undo = step.undo === null ? '' : ` undo ${step.undo.ref.participant}.${step.undo.ref.request}`
  return `${step.kind} ${step.name} ${run}${undo}`
}

/**
 * The first step in which two fingerprints differ, for the message that refuses a changed plan; null when
 * they are equal.
 */
export function movedStep(
  stored: string,
  current: string,
): { readonly was: string; readonly is: string } | null {
  const was = stored.split(';')
  const is = current.split(';')
  for (let index = 0; index < Math.max(was.length, is.length); index += 1) {
    if (was[index] !== is[index]) return { was: was[index] ?? '(nothing)', is: is[index] ?? '(nothing)' }
  }
  return null
}
