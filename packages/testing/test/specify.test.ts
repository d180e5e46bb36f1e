// Owns: scenes of a plan told by given/when/then, and that every wrong expectation fails with what was and what is.
import { AssertionError } from 'node:assert'
import { command, participant, query, saga } from '@ensemble/core'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  accepted,
  asks,
  cancel,
  compensates,
  completes,
  faulted,
  ignores,
  knows,
  later,
  notes,
  overdue,
  parks,
  records,
  rejected,
  specify,
  started,
  succeeded,
  undoes,
  undone,
  unknown,
  waits,
  withdrawn,
  withdraws,
} from '../src/index.ts'

const Seat = z.object({ seat: z.string() })

const hall = participant('hall', {
  look: query({ input: Seat, output: z.object({ price: z.number() }), rejections: { unknown_seat: Seat } }),
  hold: command({ input: Seat, output: z.object({ until: z.number() }), rejections: { taken: Seat } }),
  free: command({ input: Seat }),
  print: command({ input: z.object({ seat: z.string(), price: z.number() }) }),
})
const till = participant('till', {
  pay: command({
    input: z.object({ price: z.number() }),
    output: z.object({ receipt: z.string() }),
    rejections: { declined: z.object({ why: z.string() }) },
    deferred: true,
  }),
})

const buySeat = saga('seat.buy', {
  version: 1,
  input: z.object({ seat: z.string().min(2), owner: z.string() }),
})
  .compensatable('hold', {
    run: hall.hold(({ input }) => ({ seat: input.seat })),
    undo: hall.free(({ input }) => ({ seat: input.seat })),
  })
  .check('look', { run: hall.look(({ input }) => ({ seat: input.seat })) })
  .pivot('pay', { run: till.pay(({ results }) => ({ price: results.look.price })) })
  .retriable('print', {
    run: hall.print(({ input, results }) => {
      if (results.look.price < 0) throw new RangeError('a price below zero')
      return { seat: input.seat, price: results.look.price }
    }),
  })
  .end({
    completed: ({ input, results }) => ({ owner: input.owner, receipt: results.pay.receipt }),
    compensated: ({ because }) => ({ because: because.reason }),
  })

const input = { seat: 'A1', owner: 'ann' }
const held = succeeded('hold', { until: 5 })
const looked = succeeded('look', { price: 30 })
const paid = succeeded('pay', { receipt: 'r1' })

describe('a plan', () => {
  test('goes forward', () => {
    specify(buySeat)
      .when(started(input))
      .then(asks('hold', { seat: 'A1' }))
    specify(buySeat)
      .given(started(input))
      .when(held)
      .then(asks('look', { seat: 'A1' }), knows({ hold: { until: 5 } }))
    specify(buySeat)
      .given(started(input), held)
      .when(looked)
      .then(asks('pay', { price: 30 }))
    specify(buySeat)
      .given(started(input), held, looked)
      .when(accepted('pay', 99))
      .then(waits(), records({ type: 'accepted', step: 'pay', until: 99 }))
    specify(buySeat)
      .given(started(input), held, looked, accepted('pay', 99), later('1d'), paid)
      .when(succeeded('print'))
      .then(completes({ owner: 'ann', receipt: 'r1' }))
  })

  test('goes back', () => {
    specify(buySeat)
      .given(started(input), held, looked)
      .when(rejected('pay', 'declined', { why: 'poor' }))
      .then(undoes('hold', { seat: 'A1' }))
    specify(buySeat)
      .given(started(input), held, rejected('look', 'expired'))
      .when(undone('hold'))
      .then(compensates({ because: 'expired' }))
    specify(buySeat)
      .given(started(input))
      .when(unknown('hold', 'SILENT'))
      .then(undoes('hold', { seat: 'A1' }))
    specify(buySeat)
      .given(started(input))
      .when(faulted('hold', 'BROKEN'))
      .then(compensates({ because: 'BROKEN' }))
  })

  test('is cancelled, or refuses to be', () => {
    specify(buySeat)
      .given(started(input), held)
      .when(cancel('customer', 'too late'))
      .then(withdraws('look'), notes('cancel-requested', 'customer: too late'))
    specify(buySeat).given(started(input), held).when(cancel('customer')).then(withdraws('look'), records())
    specify(buySeat)
      .given(started(input), held, cancel('customer'))
      .when(withdrawn('look', 'cancelled'))
      .then(undoes('hold', { seat: 'A1' }))
    specify(buySeat)
      .given(started(input), held, looked, paid)
      .when(cancel('customer'))
      .then(ignores('past the point of no return'), notes('cancel-refused', 'past the point of no return'))
    specify(buySeat)
      .when(started(input, { wish: { by: 'customer', reason: 'no' } }))
      .then(withdraws('hold'))
  })

  test('asks again when overdue, ignores what is late, and is parked when a function throws', () => {
    specify(buySeat)
      .given(started(input), held)
      .when(overdue())
      .then(asks('look', { seat: 'A1' }))
    specify(buySeat).given(started(input), held).when(held).then(ignores('late: the operation is settled'))
    specify(buySeat)
      .given(started(input), held, succeeded('look', { price: -1 }))
      .when(paid)
      .then(parks("plan 'seat.buy' version 1, step 'print': a price below zero"))
  })
})

describe('a wrong scene fails', () => {
  test('when another step is expected, with the scene and the difference', () => {
    const wrong = (): void =>
      specify(buySeat).given(started(input), held).when(cancel('ann')).then(withdraws('hold'))
    expect(wrong).toThrow(AssertionError)
    expect(wrong).toThrow(/^seat\.buy: given started, hold succeeded; when cancel by ann\n/)
    expect(wrong).toThrow(/\+ +withdraws: 'look'\n- +withdraws: 'hold'/)
  })

  test.for([
    ['another input', asks('look', { seat: 'A2' })],
    ['an input with a field more', asks('look', { seat: 'A1', row: 1 })],
    ['an input with a field less', asks('look', {})],
    ['another step', asks('pay', { seat: 'A1' })],
    ['an undo', undoes('look', { seat: 'A1' })],
    ['nothing', waits()],
    ['an end', completes({})],
    ['a refusal', ignores('late')],
    ['a parked decision', parks('x')],
    ['a note', notes('overdue', 'x')],
    ['no history', records()],
    ['no results', knows({})],
  ] as const)('when %s is expected', ([, expected]) => {
    expect(() => specify(buySeat).given(started(input)).when(held).then(expected)).toThrow(AssertionError)
  })

  test('when one of two expectations is wrong, or an aspect is expected twice', () => {
    const { then } = specify(buySeat).given(started(input)).when(held)
    const right = asks('look', { seat: 'A1' })
    expect(() => then(right, knows({ hold: { until: 6 } }))).toThrow(AssertionError)
    expect(() => then(right, right)).toThrow('an aspect is expected twice')
    expect(() => then(right)).not.toThrow()
  })

  test.for([
    [
      'the input does not match',
      () => specify(buySeat).when(started({ seat: 'A', owner: 'ann' })),
      /seat\.buy: input does not match/,
    ],
    [
      'a given is ignored',
      () => specify(buySeat).given(started(input), paid),
      /given 2, 'pay succeeded', was ignored: late/,
    ],
    [
      'a given is parked',
      () => specify(buySeat).given(started(input), held, succeeded('look', { price: -1 }), paid),
      /given 4, 'pay succeeded', was parked: /,
    ],
    [
      'there is no such step',
      () => specify(buySeat).given(started(input)).when(succeeded('fly')),
      /no step 'fly'; its steps: hold, look, pay, print/,
    ],
    [
      'a step has no undo',
      () => specify(buySeat).given(started(input)).when(undone('look')),
      /step 'look' has no undo/,
    ],
    [
      'an output does not match',
      () => specify(buySeat).given(started(input)).when(succeeded('hold', {})),
      /hall\.hold: output does not match/,
    ],
    [
      'no output is declared',
      () => specify(buySeat).given(started(input)).when(undone('hold', 1)),
      /hall\.free declares no output/,
    ],
    [
      'a rejection is undeclared',
      () => specify(buySeat).given(started(input)).when(rejected('hold', 'gone')),
      /hall\.hold does not declare 'gone'; it declares: taken/,
    ],
    [
      "a rejection's data does not match",
      () =>
        specify(buySeat)
          .given(started(input))
          .when(rejected('hold', 'taken', {})),
      /rejection 'taken' does not match/,
    ],
    [
      'a run is not deferred',
      () => specify(buySeat).given(started(input)).when(accepted('hold', 1)),
      /hall\.hold is not declared as deferred/,
    ],
    [
      'nothing happens',
      () => specify(buySeat).given(started(input)).when(later('1s')),
      /'1s later' is no signal/,
    ],
  ] as const)('when %s', ([, scene, message]) => {
    expect(scene).toThrow(message)
  })

  test('when the input has another type, it does not compile', () => {
    expectTypeOf(specify(buySeat).given)
      .parameter(0)
      .toExtend<{ readonly input: { seat: string; owner: string } }>()
    // @ts-expect-error the input has no owner
    expect(() => specify(buySeat).when(started({ seat: 'A1' }))).toThrow(/owner/)
  })
})
