// Owns: bugs of calls to the outside world (runtime/effects).
import type { Mutant } from './mutant.ts'

const EFFECTS = 'packages/runtime/src/effects.ts'
const OPERATION = 'packages/runtime/src/perform/operation.ts'

export const effectMutants: readonly Mutant[] = [
  {
    name: 'effect-without-intent',
    harm: 'a call is made whose intent was rolled back: nobody knows of it, and it is not undone',
    file: EFFECTS,
    edits: [
      {
        find: `      if (changed.length > 0) tx.defer(database.stores.operations.update(tx, changed))
      return`,
        replace: `      if (changed.length > 0) tx.defer(database.stores.operations.update(tx, changed))
      for (const row of known) this.#spawn(row, { provider, now: tx.now, isOver })
      return`,
      },
      { find: `    for (const row of rows) this.#spawn(row, { provider, now, isOver })\n`, replace: '' },
    ],
  },
  {
    name: 'closed-provider-is-tried-once',
    harm: 'a step is given up because its provider was closed for a moment',
    file: EFFECTS,
    edits: [
      {
        find: `  const usedUp = current.attempt >= shop.retry.attemptsMax
  if (wish !== null) {`,
        replace: `  const usedUp = current.attempt >= 1
  if (wish !== null) {`,
      },
    ],
  },
  {
    name: 'doubt-is-forgotten',
    harm: 'a call that may have landed counts as never made once a later one was not',
    file: EFFECTS,
    edits: [
      {
        find: `const doubt = current.doubt || said.type === 'doubt'`,
        replace: `const doubt = said.type === 'doubt'`,
      },
    ],
  },
  {
    name: 'call-in-doubt-expires',
    harm: 'a call that may have landed is answered expired: the saga goes back without undoing it',
    file: EFFECTS,
    edits: [
      { find: 'if (!doubt) return deadline', replace: 'if (!doubt || deadline !== null) return deadline' },
    ],
  },
  {
    name: 'timeout-counts-as-not-done',
    harm: 'a call that landed and whose answer came too late is taken for one that never happened',
    file: EFFECTS,
    edits: [
      {
        find: `type: error instanceof NotDone ? 'not done' : 'doubt'`,
        replace: `type: error instanceof Error ? 'not done' : 'doubt'`,
      },
    ],
  },
  {
    name: 'call-that-is-out-is-withdrawn',
    harm: 'the saga goes back while the call that it forgets is still on its way',
    file: OPERATION,
    edits: [
      {
        find: `if (work.supply === null) return { do: 'note' }
      return row`,
        replace: `if (work.supply === null) return { do: 'withdraw' }
      return row`,
      },
    ],
  },
  {
    name: 'given-up-and-called-again',
    harm: 'a provider without keys is called again for what it may have done already',
    file: EFFECTS,
    edits: [
      {
        find: `return handler.onUnknown === 'give up' && parked === null ? { type: 'doubt', error: TAKEN_OVER } : null`,
        replace: 'return null',
      },
    ],
  },
  {
    name: 'undo-without-its-runs-key',
    harm: 'the provider cannot tell what is to be voided',
    file: EFFECTS,
    edits: [
      {
        find: `const run = ask.direction === 'undo' ? row.id.replace(/undo$/, 'run') : null`,
        replace: `const run = ask.direction === 'undo' ? row.id : null`,
      },
    ],
  },
  {
    name: 'word-of-an-older-call-counts',
    harm: 'a worker that was thought dead decides about a call that another one has made since',
    file: EFFECTS,
    edits: [
      {
        find: `const mine = current.status === 'calling' && current.attempt === row.attempt`,
        replace: `const mine = current.status === 'calling'`,
      },
    ],
  },
  {
    name: 'word-after-the-answer-counts',
    harm: 'an operation that was settled is settled again, otherwise',
    file: EFFECTS,
    edits: [
      {
        find: `const mine = current.status === 'calling' && current.attempt === row.attempt`,
        replace: `const mine = current.origin !== null || current.attempt >= row.attempt`,
      },
    ],
  },
  {
    name: 'stopped-worker-makes-its-call',
    harm: 'a worker that slept over its lease calls a provider for what another worker was refused',
    file: EFFECTS,
    edits: [{ find: `if (isOverslept) return { type: 'not done', error: OVERSLEPT }`, replace: '' }],
  },
]
