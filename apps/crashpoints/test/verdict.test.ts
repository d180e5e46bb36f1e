// The judge of crash runs: a calm play passes, and everything that a crash could leave wrong is seen.
import { expect, test } from 'vitest'
import type { Facts, Row } from '../runner/books.ts'
import { verdict } from '../runner/verdict.ts'

const PLAY = { id: '7', acts: ['unsure', 'signed', 'garbage'] } as const

function decision(saga: string, seq: number, entry: object): Row {
  return { saga, seq, entries: JSON.stringify([entry]) }
}

function entry(key: string, operation: string, amount: number): Row {
  return { key, operation: `${key}/${operation}`, step: 'reserve', amount, token: `token of ${key}` }
}

function deed(what: 'do' | 'void', reference: string): Row {
  return { provider: 'courier', what, reference, deed_count: 1 }
}

const row = { bill: 'open', signature: null, is_filed: false }

const CALM: Facts = {
  sagas: [
    {
      plan: 'favour.ask',
      id: '7-unsure',
      pattern: 'orchestration',
      status: 'compensated',
      advanced: 'compensated',
    },
    {
      plan: 'letter.sign',
      id: '7-signed',
      pattern: 'orchestration',
      status: 'completed',
      advanced: 'completed',
    },
  ],
  decisions: [
    decision('7-unsure', 1, { type: 'started' }),
    decision('7-unsure', 2, { type: 'ended', status: 'compensated' }),
    decision('7-signed', 1, { type: 'started' }),
    decision('7-signed', 2, { type: 'ended', status: 'completed' }),
  ],
  entries: [entry('7-unsure', 'run', 1), entry('7-unsure', 'undo', -1), entry('7-signed', 'run', 1)],
  rows: [
    { ...row, key: '7-unsure', item: 'released', token: 'token of 7-unsure', claim: null },
    {
      ...row,
      key: '7-signed',
      item: 'reserved',
      token: 'token of 7-signed',
      signature: 'signed',
      claim: 'item/7-signed',
    },
  ],
  deeds: [
    deed('do', 'favour.ask/7-unsure/guess/run'),
    deed('void', 'favour.ask/7-unsure/guess/run'),
    deed('do', 'letter.sign/7-signed/tell/run'),
  ],
  garbage: [{ letter_count: 1 }],
  broken: [],
}

function first(kind: keyof Facts): Row {
  return CALM[kind][0] ?? {}
}

function judged(changed: Partial<Facts>): readonly string[] {
  return verdict({ ...CALM, ...changed }, PLAY, 'orchestration')
}

test('a calm play has no violation', () => {
  expect(judged({})).toEqual([])
})

test.each<[what: string, changed: Partial<Facts>, seen: string]>([
  ['a saga that was never started', { sagas: CALM.sagas.slice(1) }, 'saga: 7-unsure has 0 start rows'],
  ['a saga that is running', { sagas: [{ ...first('sagas'), status: null }] }, '"status":null'],
  [
    'an end that is not allowed',
    { sagas: [{ ...first('sagas'), status: 'completed' }] },
    'allowed: compensated',
  ],
  [
    'two ends in two places',
    { sagas: [{ ...first('sagas'), advanced: 'completed' }] },
    '"advanced":"completed"',
  ],
  ['a gap in the history', { decisions: CALM.decisions.slice(1) }, '7-unsure has 2 as decision 1'],
  [
    'two heads of one saga',
    {
      decisions: [first('decisions'), decision('7-unsure', 1, { type: 'asked' }), ...CALM.decisions.slice(1)],
    },
    '7-unsure has 1 as decision 2',
  ],
  ['a history without its end', { decisions: CALM.decisions.slice(0, 1) }, 'history: 7-unsure ended'],
  ['an effect twice', { entries: [first('entries'), ...CALM.entries] }, 'twice: '],
  [
    'an undo that is missing',
    { entries: [first('entries')] },
    'step: 7-unsure reserve is there 1 times, not 0',
  ],
  ['a step that is missing', { entries: [] }, 'step: 7-signed reserve is there 0 times, not 1'],
  ['a step that acts on another answer', { entries: [{ ...first('entries'), token: 'other' }] }, 'token: '],
  ['a call twice', { deeds: [{ ...first('deeds'), deed_count: 2 }] }, 'provider: '],
  ['a call under a strange key', { deeds: [deed('do', 'favour.ask/7-unsure/guess/undo')] }, 'provider: '],
  ['a call that is not void', { deeds: CALM.deeds.slice(0, 1) }, 'step: 7-unsure guess is there 1 times'],
  ['rows that say something else', { rows: [{ ...first('rows'), item: 'reserved' }] }, 'rows: '],
  ['a claim that is left', { rows: [{ ...first('rows'), claim: 'item/7-unsure' }] }, 'rows: '],
  ['an unreadable message that is gone', { garbage: [{ letter_count: 0 }] }, 'garbage: of 7'],
  [
    'a parked saga',
    { broken: [{ service: 'stock', place: 'parked saga', what: 'x' }] },
    'broken: stock parked saga x',
  ],
])('%s', (_what, changed, seen) => {
  expect(judged(changed).join('\n')).toContain(seen)
})

test('a choreographed saga that an orchestrator has a row of', () => {
  expect(verdict(CALM, PLAY, 'choreography')).toHaveLength(2)
})
