// Owns: single scenes of the kernel, with full values: what is asked, what is kept, how a saga ends, and what
// parks it.
import { describe, expect, test } from 'vitest'
import { begin, decide } from '../src/kernel/decide.ts'
import type { Decided, Signal } from '../src/kernel/decide.ts'
import type { SagaState } from '../src/kernel/saga.ts'
import { saga } from '../src/plan/plan.ts'
import { placeOrder, placeOrderInput } from './place-order.ts'
import { schema } from './schemas.ts'
import {
  after,
  answered,
  answers,
  asking,
  begun,
  cancelled,
  customer,
  decided,
  desk,
  fivefold,
  overdue,
  ref,
  START,
} from './scenes.ts'

const at = START + 50_000
const on = (state: SagaState, signal: Signal): Decided => decided(decide(fivefold, state, signal, at))
const anything = schema<unknown>(() => [])

const askSecond = {
  operation: 'test.fivefold/s1/second/run',
  step: 'second',
  kind: 'compensatable',
  direction: 'run',
  participant: 'desk',
  request: 'take',
  contract: 1,
  input: 'run second',
  deadline: START + 2_000 + 30_000,
  issuedAt: START + 2_000,
}

describe('begin', () => {
  test('given an input, then the first step is asked', () => {
    const ref = { plan: 'order.place', id: 'o1', pattern: 'choreography' } as const
    expect(begin(placeOrder, { saga: ref, input: placeOrderInput, now: 5, wish: null })).toStrictEqual({
      type: 'decided',
      state: {
        saga: ref,
        version: 1,
        fingerprint: placeOrder.fingerprint,
        input: placeOrderInput,
        results: {},
        seq: 1,
        startedAt: 5,
        phase: { at: 'running', step: 'openOrder', askedAt: 5, asks: 0, until: null, wish: null },
      },
      next: {
        do: 'ask',
        ask: {
          operation: 'order.place/o1/openOrder/run',
          step: 'openOrder',
          kind: 'compensatable',
          direction: 'run',
          participant: 'order',
          request: 'open',
          contract: 1,
          input: { orderId: 'o1', userId: 'u1', total: 100 },
          deadline: 5 + 300_000,
          issuedAt: 5,
        },
      },
      entries: [
        { type: 'started', input: placeOrderInput },
        { type: 'asked', step: 'openOrder', direction: 'run', participant: 'order', request: 'open' },
      ],
      note: null,
    })
  })

  test('given a cancel that came first, then the first run is withdrawn and the wish kept', () => {
    const early = decided(begin(fivefold, { saga: ref, input: null, now: START, wish: customer }))
    expect(early.state).toStrictEqual({
      ...decided(begin(fivefold, { saga: ref, input: null, now: START, wish: null })).state,
      phase: { at: 'running', step: 'first', askedAt: START, asks: 0, until: null, wish: customer },
    })
    const { ask } = begun().next as Extract<Decided['next'], { do: 'ask' }>
    expect(early.next).toStrictEqual({ do: 'withdraw', ask, cancel: customer })
    expect(early.note).toStrictEqual({ type: 'cancel-requested', detail: 'customer: changed my mind' })
    expect(on(early.state, answered('first', 'run', answers.withdrawn)).next).toStrictEqual({
      do: 'end',
      end: { status: 'compensated', data: 'undone: changed my mind' },
    })
  })

  test('given a cancel that came first and a plan of retriables, then it is refused: none can be withdrawn', () => {
    const plan = saga('test.fivefold', { version: 1, input: anything })
      .retriable('tell', { run: desk.give(() => 1) })
      .end()
    const early = decided(begin(plan, { saga: ref, input: null, now: START, wish: customer }))
    expect(early.next.do).toBe('ask')
    expect(early.state.phase).toStrictEqual({
      at: 'running',
      step: 'tell',
      askedAt: START,
      asks: 0,
      until: null,
      wish: null,
    })
    expect(early.note).toStrictEqual({
      type: 'cancel-refused',
      detail: 'changed my mind: the first step cannot be withdrawn',
    })
  })
})

describe('a cancel', () => {
  test('while a run is outstanding is kept as a wish, withdraws that run and is no numbered decision', () => {
    const state = asking('second')
    expect(on(state, cancelled)).toStrictEqual({
      type: 'decided',
      state: { ...state, phase: { ...state.phase, wish: customer } },
      next: { do: 'withdraw', ask: askSecond, cancel: customer },
      entries: [],
      note: { type: 'cancel-requested', detail: 'customer: changed my mind' },
    })
  })

  test('that meets a compensatable which succeeded goes back including it, and keeps its result', () => {
    const wished = after(asking('second'), cancelled)
    const decision = on(wished, answered('second', 'run', answers.succeeded))
    const because = { step: 'second', status: 'cancelled', reason: 'changed my mind', data: null }
    expect(decision).toStrictEqual({
      type: 'decided',
      state: {
        ...wished,
        seq: 4,
        results: { first: 'done', look: 'done', second: 'done' },
        phase: { at: 'undoing', step: 'second', askedAt: at, asks: 0, because },
      },
      next: {
        do: 'ask',
        ask: {
          ...askSecond,
          operation: 'test.fivefold/s1/second/undo',
          direction: 'undo',
          request: 'give',
          input: 'undo second',
          deadline: null,
          issuedAt: at,
        },
      },
      entries: [
        { type: 'answered', step: 'second', status: 'succeeded', data: 'done' },
        { type: 'cancelled', step: 'second', reason: 'changed my mind' },
        { type: 'going-back', because },
        { type: 'asked', step: 'second', direction: 'undo', participant: 'desk', request: 'give' },
      ],
      note: null,
    })
  })

  test('that meets a pivot which succeeded is refused and the saga goes on without the wish', () => {
    const decision = on(after(asking('pay'), cancelled), answered('pay', 'run', answers.succeeded))
    expect(decision.state.phase).toStrictEqual({
      at: 'running',
      step: 'tell',
      askedAt: at,
      asks: 0,
      until: null,
      wish: null,
    })
    expect(decision.note).toStrictEqual({
      type: 'cancel-refused',
      detail: "changed my mind: 'pay' had succeeded",
    })
  })

  test('that meets the last step of a plan without a pivot undoes it', () => {
    const plan = saga('test.fivefold', { version: 1, input: anything })
      .compensatable('only', { run: desk.take(() => 1), undo: desk.give(() => 2) })
      .end()
    const wished = decided(decide(plan, begun(plan).state, cancelled, at)).state
    const decision = decided(decide(plan, wished, answered('only', 'run', answers.succeeded), at))
    expect(decision.state.phase.at).toBe('undoing')
  })
})

describe('overdue', () => {
  test.for(['first', 'look', 'second', 'pay', 'tell', 'file'])(
    'asks %s again with the same operation',
    (step) => {
      const state = asking(step)
      const first = decide(fivefold, state, overdue, at)
      const again = decide(fivefold, decided(first).state, overdue, at + 10_000)
      expect(decided(again).next).toStrictEqual(decided(first).next)
      expect(decided(again).state).toStrictEqual({ ...state, phase: { ...state.phase, asks: 2 } })
      expect(decided(again).entries).toStrictEqual([])
    },
  )

  test('asks the run exactly as it was asked first', () => {
    const state = asking('second')
    expect(on(state, overdue)).toStrictEqual({
      type: 'decided',
      state: { ...state, phase: { ...state.phase, asks: 1 } },
      next: { do: 'ask', ask: askSecond },
      entries: [],
      note: { type: 'overdue', detail: 'waiting for desk.take' },
    })
  })

  test('asks a withdraw again while there is a wish, and an undo again while going back', () => {
    const wished = after(asking('second'), cancelled)
    expect(on(wished, overdue).next).toStrictEqual({ do: 'withdraw', ask: askSecond, cancel: customer })
    const turned = on(asking('second'), answered('second', 'run', answers.unknown))
    expect(on(turned.state, overdue).next).toStrictEqual(turned.next)
  })
})

describe('a plan function that throws', () => {
  const broken = (what: string) => {
    const fail = (name: string, value: string) => (): string => {
      if (name === what) throw new Error(`no ${name}`)
      return value
    }
    return saga('test.broken', { version: 2, input: anything })
      .compensatable('first', {
        run: desk.take(fail('first run', '1')),
        undo: desk.give(fail('first undo', '2')),
      })
      .pivot('pay', { run: desk.take(fail('pay run', '3')) })
      .end({ completed: fail('completed', 'yes'), compensated: fail('compensated', 'no') })
  }
  const parked = (where: string, name: string) => ({
    type: 'parked',
    code: 'PLAN_THROWS',
    message: `plan 'test.broken' version 2, ${where}: no ${name}`,
  })
  const firstDone = answered('first', 'run', answers.succeeded)

  test('at the start: nothing is decided', () => {
    const plan = broken('first run')
    expect(begin(plan, { saga: ref, input: null, now: at, wish: null })).toStrictEqual(
      parked("step 'first'", 'first run'),
    )
  })

  test("at the next run's input: the answer can be decided again by a repaired plan", () => {
    const { state } = begun(broken('pay run'))
    expect(decide(broken('pay run'), state, firstDone, at)).toStrictEqual(parked("step 'pay'", 'pay run'))
    expect(decided(decide(broken('nothing'), state, firstDone, at)).state.phase).toMatchObject({
      step: 'pay',
    })
  })

  test("at an undo's input", () => {
    const plan = broken('first undo')
    const { state } = begun(plan)
    expect(decide(plan, state, answered('first', 'run', answers.unknown), at)).toStrictEqual(
      parked("step 'first'", 'first undo'),
    )
  })

  test('at either end', () => {
    const completing = broken('completed')
    const paying = decided(decide(completing, begun(completing).state, firstDone, at)).state
    expect(decide(completing, paying, answered('pay', 'run', answers.succeeded), at)).toStrictEqual(
      parked('end.completed', 'completed'),
    )
    const compensating = broken('compensated')
    const { state } = begun(compensating)
    expect(decide(compensating, state, answered('first', 'run', answers.rejected), at)).toStrictEqual(
      parked('end.compensated', 'compensated'),
    )
  })
})

describe('what is kept', () => {
  test('given every step succeeded, then results, the end and its data', () => {
    const decision = on(asking('file'), answered('file', 'run', answers.succeeded))
    const done = { first: 'done', look: 'done', second: 'done', pay: 'done', tell: 'done', file: 'done' }
    expect(decision.state.results).toStrictEqual(done)
    expect(decision.state.phase).toStrictEqual({ at: 'completed', endedAt: at })
    expect(decision.next).toStrictEqual({ do: 'end', end: { status: 'completed', data: 'all done' } })
    expect(decision.entries).toStrictEqual([
      { type: 'answered', step: 'file', status: 'succeeded', data: 'done' },
      { type: 'ended', status: 'completed', data: 'all done' },
    ])
  })

  test('a success without an output leaves no result and tells history null', () => {
    const decision = on(asking('first'), answered('first', 'run', { status: 'succeeded', output: undefined }))
    expect(decision.state.results).toStrictEqual({})
    expect(decision.entries[0]).toStrictEqual({
      type: 'answered',
      step: 'first',
      status: 'succeeded',
      data: null,
    })
  })

  test('the reason of every failure', () => {
    const reasons = Object.values(answers).map((answer) => {
      const decision = on(asking('second'), answered('second', 'run', answer))
      return decision.state.phase.at === 'undoing' ? decision.state.phase.because : null
    })
    expect(reasons).toStrictEqual([
      null,
      { step: 'second', status: 'rejected', reason: 'no', data: { why: 1 } },
      { step: 'second', status: 'cancelled', reason: 'changed my mind', data: null },
      { step: 'second', status: 'faulted', reason: 'BROKEN', data: answers.faulted.error },
      { step: 'second', status: 'unknown', reason: 'SILENT', data: answers.unknown.error },
    ])
  })

  test('an accepted run remembers until when, and is a numbered decision', () => {
    const state = asking('pay')
    expect(on(state, { type: 'accepted', operation: 'test.fivefold/s1/pay/run', until: 9 })).toStrictEqual({
      type: 'decided',
      state: { ...state, seq: state.seq + 1, phase: { ...state.phase, until: 9 } },
      next: { do: 'wait' },
      entries: [{ type: 'accepted', step: 'pay', until: 9 }],
      note: null,
    })
  })
})
