// Scenes: steps that are sent along with the one before: what a plan refuses, what is asked, and where a saga goes once
// the participant says that it has taken one up.
import { describe, expect, test } from 'vitest'
import { takenUp } from '../src/kernel/ask.ts'
import { begin, decide, heardEarly, type Decided, type Signal } from '../src/kernel/decide.ts'
import type { Ask, Pattern, SagaState } from '../src/kernel/saga.ts'
import { operationId } from '../src/kernel/saga.ts'
import { erased } from '../src/codec/erase.ts'
import { movedStep } from '../src/plan/fingerprint.ts'
import { saga, type Plan } from '../src/plan/plan.ts'
import {
  answered,
  answers,
  cancelled,
  decided,
  desk,
  deskNamed,
  overdue,
  ref,
  START,
  told,
} from './scenes.ts'
import { schema } from './schemas.ts'

const anything = schema<unknown>(() => [])
const other = deskNamed('other')
const run = (name: string) => ({ run: desk.take(() => name) })
const both = (name: string) => ({ ...run(name), undo: desk.give(() => `undo ${name}`) })
const draft = saga('test.along', { version: 1, input: anything })

const along1 = draft.compensatable('first', both('first'))

/** compensatable first; along with it compensatable second, pivot pay and retriable tell; retriable file by itself. */
const along = draft
  .compensatable('first', { ...both('first'), within: '10s' })
  .pipelined.compensatable('second', { ...both('second'), within: '20s' })
  .pipelined.pivot('pay', { ...run('pay'), within: '30s' })
  .pipelined.retriable('tell', { run: desk.give(() => 'tell') })
  .retriable('file', { run: desk.give(() => 'file') })
  .end()

const AT = START + 7_000
const LATER = AT + 1_000

function begunIn(pattern: Pattern, plan: Plan = along): Decided {
  return decided(begin(plan, { saga: { ...ref, pattern }, input: {}, now: START, wish: null }))
}

function askIn({ next }: Decided): Ask {
  if (next.do !== 'ask') throw new Error(`nothing is asked: ${next.do}`)
  return next.ask
}

function chain(ask: Ask | undefined): readonly string[] {
  return ask === undefined ? [] : [ask.step, ...chain(ask.pipelined)]
}

/** A step has succeeded, and its participant is at another one by now. */
function wentOn(step: string, to: string): Signal {
  return {
    type: 'answered',
    operation: operationId(ref, step, 'run'),
    answer: answers.succeeded,
    goesOn: { operation: operationId(ref, to, 'run'), at: AT },
  }
}

const on = (state: SagaState, signal: Signal): Decided => decided(decide(along, state, signal, LATER))

describe('a plan', () => {
  test.each([
    ['the first step', () => erased<typeof along1>(draft).pipelined.pivot('pay', run('pay'))],
    [
      'a step behind a check',
      () =>
        erased<typeof along1>(draft.check('look', { run: desk.look(() => 'look') })).pipelined.pivot(
          'pay',
          run('pay'),
        ),
    ],
    [
      'a step of another participant',
      () =>
        draft.compensatable('first', both('first')).pipelined.pivot('pay', { run: other.take(() => 'pay') }),
    ],
  ])('cannot send along %s', (_, make) => {
    expect(make).toThrow(
      "saga 'test.along', step 'pay': only behind a command of the same participant can a step be pipelined",
    )
  })

  test('sends along what follows the word, and nothing after that', () => {
    expect(along.steps.map(({ pipelined }) => pipelined)).toEqual([false, true, true, true, false])
  })

  test('is another one with and without: who does not know of it would go back without the step', () => {
    const apart = draft
      .compensatable('first', both('first'))
      .compensatable('second', both('second'))
      .pivot('pay', run('pay'))
      .retriable('tell', { run: desk.give(() => 'tell') })
      .retriable('file', { run: desk.give(() => 'file') })
      .end()
    expect(movedStep(apart.outline, along.outline)).toEqual({
      was: 'compensatable second desk.take undo desk.give',
      is: 'compensatable second desk.take undo desk.give pipelined',
    })
    expect(apart.fingerprint).not.toBe(along.fingerprint)
  })

  test('has something behind the word', () => {
    expect(Object.keys(along1.pipelined).sort()).toEqual(['check', 'compensatable', 'pivot', 'retriable'])
  })
})

describe('what is asked', () => {
  test('has with it what may follow, each with its own time to begin', () => {
    const ask = askIn(begunIn('orchestration'))
    expect(chain(ask)).toEqual(['first', 'second', 'pay', 'tell'])
    expect([ask.deadline, ask.pipelined?.deadline, ask.pipelined?.pipelined?.deadline]).toEqual(
      [10_000, 20_000, 30_000].map((ms) => START + ms),
    )
  })

  test('has nothing with it in choreography, nor on the way back', () => {
    expect(chain(askIn(begunIn('choreography')))).toEqual(['first'])
    const { state } = on(begunIn('orchestration').state, wentOn('first', 'second'))
    expect(chain(askIn(on(state, answered('second', 'run', answers.rejected))))).toEqual(['first'])
  })

  test('has with it only what can be computed; the step itself is asked', () => {
    const plan = draft
      .compensatable('first', both('first'))
      .pipelined.pivot('pay', {
        run: desk.take(() => {
          throw new Error('not yet')
        }),
      })
      .end()
    expect(chain(askIn(begunIn('orchestration', plan)))).toEqual(['first'])
  })

  test('is the same when it is asked again', () => {
    const first = begunIn('orchestration')
    expect(askIn(on(first.state, overdue))).toEqual(askIn(first))
  })

  test('begins its time when it is taken up, and so does what is behind it', () => {
    const { pipelined } = askIn(begunIn('orchestration'))
    if (pipelined === undefined) throw new Error('nothing was sent along')
    const taken = takenUp(pipelined, AT)
    const { state } = on(begunIn('orchestration').state, wentOn('first', 'second'))
    // Asked again by the orchestrator it is the same.
    expect(askIn(on(state, overdue))).toEqual(taken)
    expect([taken.issuedAt, taken.deadline, taken.pipelined?.issuedAt]).toEqual([AT, AT + 20_000, AT])
    expect(takenUp({ ...taken, deadline: null }, LATER).deadline).toBeNull()
  })
})

describe('once a step is taken up', () => {
  test('the saga waits for it without asking', () => {
    const before = begunIn('orchestration').state
    const decision = on(before, wentOn('first', 'second'))
    expect([decision.next, decision.state.phase, decision.state.results]).toEqual([
      { do: 'wait' },
      { at: 'running', step: 'second', askedAt: AT, asks: 0, until: null, wish: null },
      { first: 'done' },
    ])
    expect(decision.entries.map((entry) => ('step' in entry ? `${entry.type} ${entry.step}` : ''))).toEqual([
      'answered first',
      'asked second',
    ])
  })

  test('one that its participant has not taken up is asked for', () => {
    const { state } = begunIn('orchestration')
    expect(told(state, on(state, answered('first', 'run', answers.succeeded)))).toMatch(/^ask second\/run/)
    expect(told(state, on(state, wentOn('first', 'pay')))).toMatch(/^ask second\/run/)
  })

  test('a cancel that waited goes with it, and then back from there', () => {
    const wished = on(begunIn('orchestration').state, cancelled).state
    const decision = on(wished, wentOn('first', 'second'))
    expect(told(wished, decision)).toBe('withdraw second/run [answered asked]')
    const back = on(decision.state, answered('second', 'run', answers.withdrawn))
    expect(told(decision.state, back)).toBe('ask first/undo [answered cancelled going-back asked]')
    const both = on(decision.state, answered('second', 'run', answers.succeeded))
    expect(told(decision.state, both)).toBe('ask second/undo [answered cancelled going-back asked]')
  })

  test.each([
    ['pay', 'tell', "changed my mind: 'pay' had succeeded"],
    ['second', 'tell', "changed my mind: 'second' had succeeded"],
  ])('a cancel that waited for %s is refused with %s', (from, to, detail) => {
    const plan = from === 'pay' ? along : short
    const steps = plan.steps.slice(
      0,
      plan.steps.findIndex(({ name }) => name === from),
    )
    let { state } = begunIn('orchestration', plan)
    for (const { name } of steps)
      state = decided(decide(plan, state, answered(name, 'run', answers.succeeded), AT)).state
    const wished = decided(decide(plan, state, cancelled, AT)).state
    const decision = decided(decide(plan, wished, wentOn(from, to), LATER))
    expect([decision.next, decision.note]).toEqual([{ do: 'wait' }, { type: 'cancel-refused', detail }])
    expect(decision.state.phase).toMatchObject({ step: to, wish: null })
  })
})

describe('what comes of a step before it is known to be taken up', () => {
  const before = begunIn('orchestration').state
  const early = answered('second', 'run', answers.rejected)
  const kept = on(before, early)

  test('is kept, and decided on once it is', () => {
    expect([told(before, kept), kept.state.early]).toEqual(['wait', [early]])
    expect(heardEarly(kept.state)).toBeNull()
    const there = on(kept.state, wentOn('first', 'second')).state
    expect(heardEarly(there)).toEqual(early)
    const back = on(there, early)
    expect(told(there, back)).toBe('ask first/undo [answered going-back asked]')
    expect(back.state).not.toHaveProperty('early')
  })

  test('is kept once, and both that it comes later and how it ended', () => {
    expect(told(kept.state, decide(along, kept.state, early, LATER))).toBe('ignored: duplicate: heard early')
    const later = { type: 'accepted', operation: operationId(ref, 'second', 'run'), until: LATER } as const
    const success = answered('second', 'run', answers.succeeded)
    const there = [later, success, wentOn('first', 'second')].reduce(
      (state, signal) => on(state, signal).state,
      before,
    )
    expect(heardEarly(there)).toEqual(later)
    const waiting = on(there, later).state
    expect([waiting.phase, heardEarly(waiting)]).toMatchObject([{ until: LATER }, success])
    expect(told(waiting, on(waiting, success))).toBe('ask pay/run [answered asked]')
  })

  test('goes on as far as it was heard', () => {
    const signals = [wentOn('pay', 'tell'), wentOn('second', 'pay'), wentOn('first', 'second')]
    let state = signals.reduce((known, signal) => on(known, signal).state, before)
    for (let said = heardEarly(state); said !== null; said = heardEarly(state)) state = on(state, said).state
    expect(state).toMatchObject({ seq: 4, phase: { at: 'running', step: 'tell' } })
    expect(state).not.toHaveProperty('early')
  })

  test('is dropped where the saga goes elsewhere', () => {
    expect(on(kept.state, answered('first', 'run', answers.rejected)).state).not.toHaveProperty('early')
    // Not taken up, it is asked for, and answers again.
    expect(on(kept.state, answered('first', 'run', answers.succeeded)).state).not.toHaveProperty('early')
  })

  test('is late where it was not sent along', () => {
    expect(told(before, decide(along, before, answered('file', 'run', answers.succeeded), LATER))).toMatch(
      /late/,
    )
    const choreographed = begunIn('choreography').state
    expect(told(choreographed, decide(along, choreographed, early, LATER))).toMatch(/late/)
  })
})

/** A retriable behind a compensatable: asked for, it is past the point of no return. */
const short = draft
  .compensatable('second', both('second'))
  .pipelined.retriable('tell', { run: desk.give(() => 'tell') })
  .end()
