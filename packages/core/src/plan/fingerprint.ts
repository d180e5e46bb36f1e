// Owns: the outline of a plan, readable on purpose (when a stored one differs, the first differing line names the step
// that moved), and its fingerprint, which is short because every state and message of a saga carries it.
import type { Pattern } from '../kernel/saga.ts'
import type { Step } from './plan.ts'

/**
 * One line per step: `kind name run-request [undo-request] [pipelined]`, joined by `;`, and one for the only pattern:
 * sagas of the other would wait for ever for who no longer listens. An orchestrator that does not know of a pipelined
 * step would go back without it. Deadlines may change without a new version.
 */
export function outline(steps: readonly Step[], pattern: Pattern | null = null): string {
  return [...steps.map(lineOf), ...(pattern === null ? [] : [`only ${pattern}`])].join(';')
}

function lineOf(step: Step): string {
  const run = `${step.run.ref.participant}.${step.run.ref.request}`
  const undo = step.undo === null ? '' : ` undo ${step.undo.ref.participant}.${step.undo.ref.request}`
  return `${step.kind} ${step.name} ${run}${undo}${step.pipelined ? ' pipelined' : ''}`
}

const FNV_OFFSET = 0xcbf29ce484222325n
const FNV_PRIME = 0x100000001b3n

/** FNV-1a with 64 bits over the outline's UTF-16 units, 16 hexadecimal digits. */
export function fingerprint(text: string): string {
  let hash = FNV_OFFSET
  for (let index = 0; index < text.length; index += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * FNV_PRIME)
  }
  return hash.toString(16).padStart(16, '0')
}

/**
 * The first step in which two outlines differ, for the message that refuses a changed plan; null when
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
