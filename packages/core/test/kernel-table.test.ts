// Owns: the answer of the kernel to every pair of phase and signal, as a table to be read line by line.
import { describe, expect, test } from 'vitest'
import { decide } from '../src/kernel/decide.ts'
import type { Signal } from '../src/kernel/decide.ts'
import type { SagaState } from '../src/kernel/saga.ts'
import { operationId } from '../src/kernel/saga.ts'
import { after, answered, answers, asking, cancelled, fivefold, overdue, ref, START, told } from './scenes.ts'

const accepted = (step: string): Signal => ({
  type: 'accepted',
  operation: operationId(ref, step, 'run'),
  until: START + 86_400_000,
})

const undoing = after(asking('pay'), answered('pay', 'run', answers.rejected))
const phases: Readonly<Record<string, SagaState>> = {
  compensatable: asking('second'),
  'compensatable, wish': after(asking('second'), cancelled),
  check: asking('look'),
  'check, wish': after(asking('look'), cancelled),
  pivot: asking('pay'),
  'pivot, accepted': after(asking('pay'), accepted('pay')),
  'pivot, wish': after(asking('pay'), cancelled),
  retriable: asking('tell'),
  'last retriable': asking('file'),
  undoing,
  'undoing the last': after(undoing, answered('second', 'undo', answers.succeeded)),
  completed: after(asking('file'), answered('file', 'run', answers.succeeded)),
  compensated: after(asking('first'), answered('first', 'run', answers.rejected)),
}

function signalsFor(state: SagaState): readonly (readonly [string, Signal])[] {
  const step = 'step' in state.phase ? state.phase.step : 'first'
  const own = state.phase.at === 'undoing' ? 'undo' : 'run'
  return [
    ['succeeded', answered(step, own, answers.succeeded)],
    ['rejected', answered(step, own, answers.rejected)],
    ['withdrawn', answered(step, own, answers.withdrawn)],
    ['faulted', answered(step, own, answers.faulted)],
    ['unknown', answered(step, own, answers.unknown)],
    ['other direction', answered(step, own === 'run' ? 'undo' : 'run', answers.succeeded)],
    ['other step', answered('elsewhere', 'run', answers.succeeded)],
    ['accepted', accepted(step)],
    ['accepted elsewhere', accepted('elsewhere')],
    ['cancel', cancelled],
    ['overdue', overdue],
  ]
}

const stray = {
  'other direction': 'ignored: late: the operation is settled',
  'other step': 'ignored: late: the operation is settled',
  'accepted elsewhere': 'ignored: late: the operation is settled',
}
const back = (step: string, entries = 'answered going-back asked'): string => `ask ${step}/undo [${entries}]`
const CANCELLED = 'answered cancelled going-back asked'
const DUPLICATE_CANCEL = 'ignored: duplicate: a cancel is under way'
const ACCEPTED = 'wait [accepted]'

const impossible = (what: string) => ({
  rejected: `ignored: impossible: ${what} was answered rejected`,
  withdrawn: `ignored: impossible: ${what} was answered withdrawn`,
  faulted: `ignored: impossible: ${what} was answered faulted`,
  unknown: `ignored: impossible: ${what} was answered unknown`,
})

const ended = (at: string) => ({
  ...Object.fromEntries(
    [
      'succeeded',
      'rejected',
      'withdrawn',
      'faulted',
      'unknown',
      'accepted',
      'overdue',
      ...Object.keys(stray),
    ].map((signal) => [signal, `ignored: late: the saga is ${at}`]),
  ),
  cancel: `cancel-refused: the saga is ${at} already`,
})

const compensatable = {
  ...stray,
  succeeded: 'ask pay/run [answered asked]',
  rejected: back('first'),
  withdrawn: back('first', CANCELLED),
  faulted: back('first'),
  unknown: back('second'),
  accepted: ACCEPTED,
  cancel: 'withdraw second/run note cancel-requested',
  overdue: 'ask second/run note overdue',
}
const check = {
  ...stray,
  succeeded: 'ask second/run [answered asked]',
  rejected: back('first'),
  withdrawn: back('first', CANCELLED),
  faulted: back('first'),
  unknown: back('first'),
  accepted: ACCEPTED,
  cancel: 'withdraw look/run note cancel-requested',
  overdue: 'ask look/run note overdue',
}
const pivot = {
  ...stray,
  succeeded: 'ask tell/run [answered asked]',
  rejected: back('second'),
  withdrawn: back('second', CANCELLED),
  faulted: back('second'),
  unknown: 'ignored: impossible: a pivot was answered unknown',
  accepted: ACCEPTED,
  cancel: 'withdraw pay/run note cancel-requested',
  overdue: 'ask pay/run note overdue',
}
const retriable = {
  ...stray,
  ...impossible('a retriable'),
  succeeded: 'ask file/run [answered asked]',
  accepted: ACCEPTED,
  cancel: 'cancel-refused: past the point of no return',
  overdue: 'ask tell/run note overdue',
}
const undo = {
  ...stray,
  ...impossible('an undo'),
  succeeded: 'ask first/undo [undone asked]',
  accepted: 'ignored: late: the operation is settled',
  cancel: 'cancel-refused: the saga is going back already',
  overdue: 'ask second/undo note overdue',
}

const TABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  compensatable,
  'compensatable, wish': {
    ...compensatable,
    succeeded: back('second', CANCELLED),
    cancel: DUPLICATE_CANCEL,
    overdue: 'withdraw second/run note overdue',
  },
  check,
  'check, wish': {
    ...check,
    succeeded: back('first', CANCELLED),
    cancel: DUPLICATE_CANCEL,
    overdue: 'withdraw look/run note overdue',
  },
  pivot,
  'pivot, accepted': { ...pivot, accepted: 'ignored: duplicate: deferred already' },
  'pivot, wish': {
    ...pivot,
    succeeded: 'ask tell/run [answered asked] note cancel-refused',
    cancel: DUPLICATE_CANCEL,
    overdue: 'withdraw pay/run note overdue',
  },
  retriable,
  'last retriable': {
    ...retriable,
    succeeded: 'end completed [answered ended]',
    overdue: 'ask file/run note overdue',
  },
  undoing: undo,
  'undoing the last': {
    ...undo,
    succeeded: 'end compensated [undone ended]',
    overdue: 'ask first/undo note overdue',
  },
  completed: ended('completed'),
  compensated: ended('compensated'),
}

describe('every pair of phase and signal', () => {
  for (const [name, state] of Object.entries(phases)) {
    test(`a saga that is at ${name}`, () => {
      const actual = Object.fromEntries(
        signalsFor(state).map(([signal, value]) => [
          signal,
          told(state, decide(fivefold, state, value, START + 99_000)),
        ]),
      )
      expect(actual).toStrictEqual(TABLE[name])
    })
  }
})
