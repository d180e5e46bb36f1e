// Owns: bugs of what a saga decides (core/kernel) and of how a holder of its turn passes it on.
import type { Mutant } from './mutant.ts'

const DECIDE = 'packages/core/src/kernel/decide.ts'
const ROUTE = 'packages/core/src/kernel/route.ts'
const ASK = 'packages/core/src/kernel/ask.ts'

export const kernelMutants: readonly Mutant[] = [
  {
    name: 'cancel-turns-around-at-once',
    harm: 'a customer who cancels while the payment is under way pays for an order that was undone',
    file: DECIDE,
    edits: [
      {
        find: `  const ask = askOf(plan, state, { step, direction: 'run', askedAt: state.phase.askedAt })
  return {
    type: 'decided',
    state: { ...state, phase: { ...state.phase, wish: cancel } },
    next: { do: 'withdraw', ask, cancel },
    entries: [],
    note: { type: 'cancel-requested', detail: \`\${cancel.by}: \${cancel.reason}\` },
  }`,
        replace: `  const because: Because = { step: step.name, status: 'cancelled', reason: cancel.reason, data: null }
  const before: HistoryEntry[] = [{ type: 'cancelled', step: step.name, reason: cancel.reason }]
  const route = goBack(plan, step, { including: false, because })
  return moved(plan, state, { route, before, now: state.phase.askedAt })`,
      },
    ],
  },
  {
    name: 'pipelined-step-is-not-waited-for',
    harm: 'a customer who cancels in time pays all the same: the payment was sent along with the step that is undone',
    file: DECIDE,
    edits: [
      {
        find: `    if (next?.to === 'run' && goesOn`,
        replace: `    if (state.phase.wish === null && next?.to === 'run' && goesOn`,
      },
    ],
  },
  {
    name: 'overdue-step-is-refused',
    harm: 'a slow participant does its work after the saga has gone back without it',
    file: DECIDE,
    edits: [
      {
        find: `    case 'overdue':
      return askAgain(plan, state, step)`,
        replace: `    case 'overdue': {
      const answer: Answer = { status: 'rejected', rejection: 'overdue', data: null }
      return onAnswer(plan, state, { step, answer, now })
    }`,
      },
    ],
  },
  {
    name: 'undo-goes-forwards',
    harm: 'a saga that goes back undoes its first step and forgets the later ones',
    file: ROUTE,
    edits: [{ find: '.findLast((candidate) =>', replace: '.find((candidate) =>' }],
  },
  {
    name: 'unknown-counts-as-refused',
    harm: 'a call that may have landed is not undone: the customer is charged for nothing',
    file: ROUTE,
    edits: [{ find: `including: step.kind === 'compensatable',`, replace: 'including: false,' }],
  },
  {
    name: 'cancelled-step-is-not-undone',
    harm: 'the step that succeeded before the cancel reached it stays done',
    file: DECIDE,
    edits: [{ find: '{ including: true, because }', replace: '{ including: false, because }' }],
  },
  {
    name: 'cancel-beats-the-pivot',
    harm: 'the customer has paid, and the order is undone all the same',
    file: DECIDE,
    edits: [
      { find: `if (step.kind === 'pivot') {`, replace: `if (step.kind === 'pivot' && wish === null) {` },
    ],
  },
  {
    name: 'late-answer-moves-the-saga',
    harm: 'a repeated answer of an earlier step counts for the one that is under way, which is then skipped',
    file: DECIDE,
    edits: [
      {
        find: `  if ('operation' in signal && signal.operation`,
        replace: `  if (signal.type === 'accepted' && signal.operation`,
      },
    ],
  },
  {
    name: 'accepted-takes-no-number',
    harm: 'history shows two decisions under one number and loses one of them',
    file: DECIDE,
    edits: [
      {
        find: `          seq: state.seq + 1,
          phase: { ...state.phase, until: signal.until },`,
        replace: `          phase: { ...state.phase, until: signal.until },`,
      },
    ],
  },
  {
    name: 'early-cancel-is-dropped',
    harm: 'a cancel that overtakes its start is acknowledged and then never heard of again',
    file: DECIDE,
    edits: [
      { find: `const wish = first.kind === 'retriable' ? null : early`, replace: 'const wish = null' },
      {
        find: 'const note = early === null ? null : earlyCancel(early, wish !== null)',
        replace: 'const note = early === null ? null : earlyCancel(early, true)',
      },
    ],
  },
  {
    name: 'undo-has-a-deadline',
    harm: 'an undo that comes late is refused: the saga never ends and the step stays done',
    file: ASK,
    edits: [
      {
        find: `deadline: direction === 'run' && step.withinMs !== null ?`,
        replace: 'deadline: step.withinMs !== null ?',
      },
    ],
  },
  {
    name: 'asked-again-under-another-id',
    harm: 'what is asked again after a lost answer is done again',
    file: ASK,
    edits: [
      {
        find: `operation: operationId(state.saga, step.name, direction),`,
        replace: `operation: \`\${operationId(state.saga, step.name, direction)}\${
      'asks' in state.phase && state.phase.asks > 0 ? state.phase.asks : ''
    }\`,`,
      },
    ],
  },
  {
    name: 'pivot-answers-unknown',
    harm: 'a payment in doubt is given up: nobody finds out whether it was made, and the saga stands still',
    file: 'packages/runtime/src/effects.ts',
    edits: [
      {
        find: `(ask.kind === 'compensatable' || ask.kind === 'check')`,
        replace: `(ask.kind === 'compensatable' || ask.kind === 'check' || ask.kind === 'pivot')`,
      },
    ],
  },
]
