// Scenes: a participant that goes on by itself with what was sent along: what it is asked, what the orchestrator hears,
// and where a cancel, a refusal or a lost message leaves the saga.
import { describe, expect, it } from 'vitest'
import { begin, decide, type Ask, type Message } from '@ensemble/core'
import { commandsOf } from '../src/letters.ts'
import { contracts, planOf, type Behaviour, type Form, type StepSpec } from './services.ts'
import { inWorld, type World, type WorldOptions } from './world.ts'

const steps = (form: Form = 'make'): readonly StepSpec[] => [
  { kind: 'compensatable', form },
  { kind: 'pivot', form, pipelined: true },
  { kind: 'retriable', form, pipelined: true },
]
const apart = (specs: readonly StepSpec[]) => specs.map(({ kind, form = 'make' }) => ({ kind, form }))
const on = { on: ['a'] } as const

interface Left {
  readonly status: string
  readonly history: unknown
  readonly rows: unknown
  readonly doubled: readonly string[]
  /** What was sent, by type and by what it is about. */
  readonly sent: readonly string[]
}

/** Of a saga of these steps, all of them of one participant. */
async function left(
  specs: readonly StepSpec[],
  more: Partial<WorldOptions> & { readonly scene?: (world: World) => Promise<void> } = {},
): Promise<Left> {
  const { scene = async () => undefined, loses = () => false, ...options } = more
  const plan = planOf('along', specs, on)
  const said: Message[] = []
  const spy = (message: Message): boolean => {
    said.push(message)
    return loses(message)
  }
  let found: Left | null = null
  await inWorld({ pattern: 'orchestration', plans: [plan], ...options, loses: spy }, async (world) => {
    await world.start(plan)
    await scene(world)
    const status = await world.ended(plan)
    await world.run(1_200)
    const sent = said.flatMap(about)
    found = {
      status,
      history: world.history(),
      rows: await world.rows(),
      doubled: await world.doubled(),
      sent,
    }
  })
  if (found === null) throw new Error('nothing is left')
  return found
}

async function pay(world: World): Promise<void> {
  const paid = world.host('a').execute(contracts.a.pay, { key: 'x', step: 'pay' })
  await world.run(0)
  await paid
}

async function cancel(world: World): Promise<void> {
  const done = world.desk.cancel({ plan: 'along', id: 'x' }, { reason: 'changed my mind', by: 'customer' })
  await world.run(0)
  await done
}

function about(message: Message): readonly string[] {
  if (message.type === 'command')
    return [`command ${message.ask.step}/${message.ask.direction} #${message.id.at(-1)}`]
  if (message.type === 'withdraw') return [`withdraw ${message.ask.step}`]
  return message.type === 'event' && message.goesOnWith !== undefined ? [`goes on ${message.goesOnWith}`] : []
}

describe('a participant to which steps were sent along', () => {
  it.each<Form>(['make', 'write', 'call', 'wait'])('goes on with each of them: %s', async (form) => {
    // What is deferred is settled by a payment.
    const scene = async (world: World): Promise<void> => {
      if (form !== 'wait') return
      for (const _ of [1, 2]) {
        await world.run(2_000)
        await pay(world)
      }
    }
    const result = await left(steps(form), { scene })
    const separate = await left(apart(steps(form)), { scene })
    expect({ ...result, sent: [] }).toEqual({ ...separate, sent: [] })
    expect([result.status, result.doubled]).toEqual(['completed', []])
    expect(result.sent).toEqual([
      'command s1/run #0',
      'goes on along/x/s2/run',
      'command s2/run #0',
      'goes on along/x/s3/run',
      'command s3/run #0',
    ])
  })

  it.each<[string, Readonly<Record<string, Behaviour>>, readonly string[]]>([
    ['the first', { s1: 'reject' }, ['command s1/run #0']],
    [
      'the second',
      { s2: 'reject' },
      ['command s1/run #0', 'goes on along/x/s2/run', 'command s2/run #0', 'command s1/undo #0'],
    ],
  ])('does nothing more when it refuses %s', async (_, script, sent) => {
    const result = await left(steps(), { script })
    const separate = await left(apart(steps()), { script })
    expect({ ...result, sent: [] }).toEqual({ ...separate, sent: [] })
    expect([result.status, result.doubled, result.sent]).toEqual(['compensated', [], sent])
  })

  it('sets aside what it has taken up and cannot do yet', async () => {
    const result = await left(steps(), {
      script: { s2: 'throw' },
      scene: async (world) => {
        await world.run(50)
        world.script.steps.delete('s2')
      },
    })
    expect([result.status, result.doubled]).toEqual(['completed', []])
    expect(result.sent.filter((said) => said.startsWith('command'))).toEqual([
      'command s1/run #0',
      'command s2/run #0',
      'command s3/run #0',
    ])
  })

  it('is asked again where its word was lost: it has done it, and says so', async () => {
    let lost = 0
    const loses = (message: Message): boolean =>
      message.type === 'event' && message.operation === 'along/x/s2/run' && (lost += 1) === 1
    const result = await left(steps(), { loses })
    expect([result.status, result.doubled, lost > 1]).toEqual(['completed', [], true])
    expect(result.sent).toContain('command s2/run #1')
  })

  it('is not asked again for what it has answered, though the word about the step before came later', async () => {
    let lost = 0
    const loses = (message: Message): boolean =>
      message.type === 'event' && message.operation === 'along/x/s1/run' && (lost += 1) === 1
    const result = await left(steps(), { loses })
    expect([result.status, result.doubled, lost > 1]).toEqual(['completed', [], true])
    expect(result.sent.filter((said) => said.startsWith('command'))).toEqual([
      'command s1/run #0',
      'command s2/run #0',
      'command s3/run #0',
      'command s1/run #1',
    ])
  })

  it('is not asked for what an older one, which does not know of it, has not taken up', async () => {
    const loses = (message: Message): boolean => {
      if (message.type === 'command') Reflect.deleteProperty(message.ask, 'pipelined')
      return false
    }
    const result = await left(steps(), { loses })
    const separate = await left(apart(steps()))
    expect(result).toEqual(separate)
  })
})

it('what is long is not sent along, but asked for when it is its turn', () => {
  const saga = { plan: 'long', id: 'x', pattern: 'orchestration' } as const
  const asked = (length: number): readonly string[] => {
    const plan = planOf('long', steps(), { ...on, keyOf: () => 'k'.repeat(length) })
    const first = begin(plan, { saga, input: { key: 'x' }, now: 1, wish: null })
    if (first.type !== 'decided') throw new Error(first.type)
    const answer = {
      type: 'answered',
      operation: 'long/x/s1/run',
      answer: { status: 'succeeded', output: null },
    } as const
    const second = decide(plan, first.state, answer, 2)
    if (second.type !== 'decided') throw new Error(second.type)
    return [first, second].flatMap((decided) => commandsOf(decided, 1)).map(chain)
  }
  expect(asked(20_000)).toEqual(['s1 s2 s3', 's2 s3'])
  expect(asked(30_000)).toEqual(['s1', 's2 s3'])
  expect(asked(60_000)).toEqual(['s1', 's2'])
})

function chain(message: Message): string {
  const steps = (ask: Ask): readonly string[] => [
    ask.step,
    ...(ask.pipelined === undefined ? [] : steps(ask.pipelined)),
  ]
  return message.type === 'command' ? steps(message.ask).join(' ') : message.type
}

describe('a cancel', () => {
  const WAITS: readonly StepSpec[] = [
    { kind: 'compensatable' },
    { kind: 'pivot', form: 'wait', pipelined: true },
  ]
  it.each<[string, readonly StepSpec[], string]>([
    ['is refused by the pivot that was done meanwhile', steps(), 'completed'],
    ['ends the pivot that still waits', WAITS, 'compensated'],
  ])('that waits for the word about the first step %s', async (_, specs, status) => {
    let lost = 0
    const result = await left(specs, {
      loses: (message) =>
        message.type === 'event' && message.operation === 'along/x/s1/run' && (lost += 1) === 1,
      scene: async (world) => {
        await world.run(500)
        await cancel(world)
      },
    })
    expect([result.status, result.doubled]).toEqual([status, []])
    expect(result.sent.filter((said) => said.startsWith('withdraw'))).toEqual(['withdraw s1', 'withdraw s2'])
  })

  it('that comes while the first step waits stops there', async () => {
    const result = await left(
      [
        { kind: 'compensatable', form: 'wait' },
        { kind: 'pivot', form: 'make', pipelined: true },
      ],
      {
        scene: async (world) => {
          await world.run(2_000)
          await cancel(world)
        },
      },
    )
    expect([result.status, result.sent]).toEqual(['compensated', ['command s1/run #0', 'withdraw s1']])
  })

  it('that a step wins over is undone there, and what was sent along is not begun', async () => {
    const result = await left(
      [
        { kind: 'compensatable', form: 'wait' },
        { kind: 'pivot', form: 'make', pipelined: true },
      ],
      {
        script: { s1: 'ok' },
        scene: async (world) => {
          await world.run(2_000)
          world.script.steps.set('s1', 'withdrawn late')
          await cancel(world)
        },
      },
    )
    expect([result.status, result.sent]).toEqual([
      'compensated',
      ['command s1/run #0', 'withdraw s1', 'command s1/undo #0'],
    ])
  })
})
