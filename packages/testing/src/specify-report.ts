// Owns: how a scene fails: what it was, and a difference of full values. Depends on no test runner.
import { AssertionError } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'

/** The saga that scenes are about. */
export const SAGA_ID = 'saga-1'

/** When a scene begins, epoch milliseconds: 2026-01-01. */
export const SCENE_BEGINS = 1_767_225_600_000

/** Errors: AssertionError with the scene's title and the difference. */
export function same(scene: string, values: { readonly actual: unknown; readonly expected: unknown }): void {
  if (isDeepStrictEqual(values.actual, values.expected)) return
  const { message } = new AssertionError({ ...values, operator: 'deepStrictEqual' })
  throw new AssertionError({ ...values, operator: 'deepStrictEqual', message: `${scene}\n${message}` })
}

/** Without the keys that hold nothing: left out and undefined mean the same in a rule's change. */
export function filled(value: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined))
}
