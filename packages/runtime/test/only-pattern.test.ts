// Scenes: a plan that names the only pattern of its sagas: who listens for what, and what a start is refused.
import { describe, expect, it } from 'vitest'
import { PATTERNS, saga, type Pattern, type Plan } from '@ensemble/core'
import { checkedStart } from '../src/start.ts'
import { topicsFor } from '../src/shell/topics.ts'
import { contracts, implementationOf, newScript, PlanInput } from './services.ts'

const planIn = (pattern: Pattern | undefined): Plan =>
  saga('only', { version: 1, input: PlanInput, ...(pattern !== undefined && { pattern }) })
    .retriable('s1', { run: contracts.a.finish(({ input }) => ({ key: input.key, step: 's1' })) })
    .retriable('s2', { run: contracts.b.finish(({ input }) => ({ key: input.key, step: 's2' })) })
    .end()

function listening(pattern: Pattern | undefined): Readonly<Record<string, readonly string[]>> {
  const common = { plans: [planIn(pattern)], starts: false, observes: [] }
  return {
    b: topicsFor({
      ...common,
      service: 'b',
      implementation: implementationOf('b', newScript()),
      orchestrates: false,
    }),
    orchestrator: topicsFor({ ...common, service: 'o', implementation: null, orchestrates: true }),
  }
}

describe('a plan`s only pattern', () => {
  it('orchestration: participants hear commands only', () => {
    expect(listening('orchestration')).toEqual({
      b: ['b.commands'],
      orchestrator: ['a.events', 'b.events', 'orchestrator.commands', 'saga.started'],
    })
  })

  it('choreography: the orchestrator hears no answers', () => {
    expect(listening('choreography')).toEqual({
      b: ['a.events', 'b.commands'],
      orchestrator: ['orchestrator.commands', 'saga.started'],
    })
  })

  it('none: everybody hears both', () => {
    expect(listening(undefined)).toEqual({
      b: ['a.events', 'b.commands'],
      orchestrator: ['a.events', 'b.events', 'orchestrator.commands', 'saga.started'],
    })
  })

  it.each(PATTERNS)('%s: is what a start without one gets, whatever the host prefers', (pattern) => {
    const other = PATTERNS.find((one) => one !== pattern) ?? pattern
    const start = checkedStart(planIn(pattern), { id: 'x', input: { key: 'x' } }, other)
    expect(start.saga).toEqual({ plan: 'only', id: 'x', pattern })
    expect(() =>
      checkedStart(planIn(pattern), { id: 'x', input: { key: 'x' }, pattern: other }, other),
    ).toThrow(`pattern: its sagas run in ${pattern} only, got ${other}`)
  })

  it('is part of the outline: another one needs a new version', () => {
    expect(planIn('orchestration').outline).toBe(`${planIn(undefined).outline};only orchestration`)
  })
})
