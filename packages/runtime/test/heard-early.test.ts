// Scenes: what the orchestrator does with the word about a pipelined step that has come too early.
import { begin, operationId, RETRY_DEFAULT, type SagaState, type Said } from '@ensemble/core'
import { expect, it } from 'vitest'
import { hear } from '../src/advance/hear.ts'
import { Ledger } from '../src/advance/ledger.ts'
import { PlanBook } from '../src/plans.ts'
import type { SagaRow } from '../src/ports.ts'
import { planOf } from './services.ts'
import { T0 } from './world.ts'

const saga = { plan: 'along', id: 'x', pattern: 'orchestration' } as const
const plan = planOf(
  'along',
  [{ kind: 'compensatable' }, { kind: 'compensatable', pipelined: true }, { kind: 'pivot' }],
  { on: ['a'], throws: 's3' },
)
const said = (step: string): Said => ({
  type: 'answered',
  operation: operationId(saga, step, 'run'),
  answer: { status: 'succeeded', output: null },
})

function begun(): SagaState {
  const decision = begin(plan, { saga, input: { key: 'x' }, now: T0, wish: null })
  if (decision.type !== 'decided') throw new Error(decision.type)
  return decision.state
}

/** What becomes of a row when this is heard. */
function heard(row: Pick<SagaRow, 'state' | 'parked'>, what: Said, attempt = 0) {
  const ledger = new Ledger()
  ledger.moveTo({ now: T0, horizon: 0 })
  ledger.add([{ plan: 'along', id: 'x', wish: null, version: 1, ...row }])
  const office = {
    plans: new PlanBook([plan]),
    retry: RETRY_DEFAULT,
    chance: () => 0.5,
    overdueAfterMs: 30_000,
  }
  const message = {
    type: 'timer',
    id: 'm',
    topic: 't',
    key: 'x',
    name: 'n',
    at: T0,
    data: null,
    saga,
  } as const
  hear(office, ledger, { saga, heard: what, message, attempt })
  return { row: ledger.row(saga), retries: ledger.scheduled.length }
}

it('keeps a parked saga parked: nothing was decided', () => {
  const { row } = heard({ state: begun(), parked: 'TOO_OLD' }, said('s2'))
  expect([row?.parked, row?.state?.early]).toEqual(['TOO_OLD', [said('s2')]])
})

it('tries what cannot be decided on again once, however often something late is heard', () => {
  const phase = { at: 'running', step: 's2', askedAt: T0, asks: 0, until: null, wish: null } as const
  const parked = { state: { ...begun(), phase, early: [said('s2')] }, parked: 'PLAN_THROWS' }
  expect(heard(parked, said('s1')).retries).toBe(0)
  expect(heard(parked, said('s1'), 1).retries).toBe(1)
})
