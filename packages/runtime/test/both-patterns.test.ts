// Both patterns leave the same business rows and the same numbered history, for success and for every failure
// of every step.
import { describe, expect, it } from 'vitest'
import type { Pattern, StepKind } from '@ensemble/core'
import { planOf, type Behaviour, type Form, type StepSpec } from './services.ts'
import { inWorld, type WorldOptions } from './world.ts'

const SHAPES: readonly string[] = [
  'c',
  'C',
  'p',
  'r',
  'Cp',
  'cC',
  'Cr',
  'CCp',
  'cCpr',
  'CcCr',
  'CCprr',
  'cCCpr',
]
const KINDS: Readonly<Record<string, StepKind>> = {
  c: 'check',
  C: 'compensatable',
  p: 'pivot',
  r: 'retriable',
}
const FORMS: readonly Form[] = ['make', 'write', 'call']

type Failure = 'none' | 'reject' | 'throw'

function specsOf(shape: string, form: Form): readonly StepSpec[] {
  return Array.from(shape).map((letter) => ({ kind: KINDS[letter] ?? 'check', form }))
}

interface Case {
  readonly shape: string
  readonly form: Form
  readonly failing: number
  readonly failure: Failure
}

interface Left {
  readonly status: string
  readonly history: unknown
  readonly rows: unknown
  readonly doubled: readonly string[]
}

async function left(pattern: Pattern, what: Case & Partial<WorldOptions>): Promise<Left> {
  const { shape, form, failing, failure, ...more } = what
  const plan = planOf(`p.${shape}`, specsOf(shape, form))
  const script: Record<string, Behaviour> = failure === 'none' ? {} : { [`s${failing + 1}`]: failure }
  let found: Left | null = null
  await inWorld({ pattern, plans: [plan], script, ...more }, async (world) => {
    await world.start(plan)
    const status = await world.ended(plan)
    await world.run(1_200)
    found = { status, history: world.history(), rows: await world.rows(), doubled: await world.doubled() }
  })
  if (found === null) throw new Error('the scene left nothing')
  return found
}

const none = (shape: string, form: Form): Case => ({ shape, form, failing: 0, failure: 'none' })

const cases: readonly Case[] = SHAPES.flatMap((shape) =>
  FORMS.flatMap((form) => [
    none(shape, form),
    ...Array.from(shape).flatMap((letter, failing) => {
      const failures: Failure[] = letter === 'r' ? [] : ['reject', 'throw']
      // An effect that throws is in doubt; its own scenes are in effects.test.ts.
      return failures
        .filter((failure) => !(form === 'call' && failure === 'throw'))
        .map((failure) => ({ shape, form, failing, failure }))
    }),
  ]),
)

describe('both patterns leave the same', () => {
  it.each(cases)('plan $shape by $form, step $failing: $failure', async (what) => {
    const orchestrated = await left('orchestration', what)
    const choreographed = await left('choreography', what)
    expect(choreographed).toEqual(orchestrated)
    expect(orchestrated.doubled).toEqual([])
    expect(orchestrated.status).toBe(what.failure === 'none' ? 'completed' : 'compensated')
  })

  it.each(cases.filter(({ shape }) => shape === 'cCpr'))(
    'on a bus that delivers three times in any order: plan $shape by $form, step $failing: $failure',
    async (what) => {
      const calm = await left('orchestration', what)
      for (const pattern of ['orchestration', 'choreography'] as const) {
        for (const bus of ['shared', 'outboxed'] as const) {
          expect(
            await left(pattern, { ...what, bus, trouble: { copies: 3, shuffle: what.failing } }),
          ).toEqual(calm)
        }
      }
    },
  )
})
