// Cancel against completion, saga deadlines, asking again what was lost, and the repair of a choreographed
// saga.
import { describe, expect, it } from 'vitest'
import type { Message } from '@ensemble/core'
import { contracts, planOf } from './services.ts'
import { inWorld, PATTERNS_BOTH, type World } from './world.ts'

const CANCEL = { reason: 'changed my mind', by: 'customer' }

async function cancel(world: World, plan: string, id = 'x'): Promise<void> {
  const done = world.desk.cancel({ plan, id }, CANCEL)
  await world.run(0)
  await done
}

async function pay(world: World, key = 'x'): Promise<string> {
  const done = world.host('b').execute(contracts.b.pay, { key, step: 's2' })
  await world.run(0)
  return (await done).status
}

/** History in words. */
function told(world: World): readonly string[] {
  return world.history().map((entry) => {
    switch (entry.type) {
      case 'answered':
        return `${entry.step} ${entry.status}`
      case 'asked':
        return `ask ${entry.step}/${entry.direction}`
      case 'going-back':
        return `back because ${entry.because.step} ${entry.because.status}`
      case 'ended':
        return entry.status
      case 'started':
        return 'started'
      case 'accepted':
      case 'cancelled':
      case 'undone':
        return `${entry.type} ${entry.step}`
      default:
        return entry satisfies never
    }
  })
}

describe.each(PATTERNS_BOTH)('a cancel, %s', (pattern) => {
  const plan = planOf('paid', [
    { kind: 'compensatable' },
    { kind: 'pivot', form: 'wait' },
    { kind: 'retriable' },
  ])

  it('that meets the deferred pivot withdraws it, and the saga goes back', async () => {
    await inWorld({ pattern, plans: [plan], trouble: { copies: 3, shuffle: 2 } }, async (world) => {
      await world.start(plan)
      await world.run(2_000)
      await cancel(world, 'paid')
      expect(await world.ended(plan)).toBe('compensated')
      await world.run(1_500)
      expect(told(world)).toEqual([
        'started',
        'ask s1/run',
        's1 succeeded',
        'ask s2/run',
        'accepted s2',
        's2 withdrawn',
        'cancelled s2',
        'back because s2 cancelled',
        'ask s1/undo',
        'undone s1',
        'compensated',
      ])
      expect(await pay(world)).toBe('rejected')
    })
  })

  it.each(['pay first', 'cancel first'] as const)(
    'at the same time as the payment, %s: one of them wins, everywhere',
    async (order) => {
      await inWorld({ pattern, plans: [plan], trouble: { copies: 2, shuffle: 3 } }, async (world) => {
        await world.start(plan)
        await world.run(2_000)
        const both = [
          () => world.host('b').execute(contracts.b.pay, { key: 'x', step: 's2' }),
          () => world.desk.cancel({ plan: 'paid', id: 'x' }, CANCEL),
        ]
        const running = (order === 'pay first' ? both : both.toReversed()).map((act) => act())
        await world.run(0)
        await Promise.all(running)
        const ended = await world.ended(plan)
        await world.run(1_500)
        const rows = JSON.stringify(await world.rows())
        expect(rows.includes('"s2":"done"')).toBe(ended === 'completed')
        expect(rows.includes('"s1":"undone"')).toBe(ended === 'compensated')
        expect(await world.doubled()).toEqual([])
      })
    },
  )

  it('after the payment is refused with a reason; after the end it changes nothing', async () => {
    await inWorld({ pattern, plans: [plan] }, async (world) => {
      await world.start(plan)
      await world.run(2_000)
      expect(await pay(world)).toBe('succeeded')
      expect(await world.ended(plan)).toBe('completed')
      const before = world.history()
      await cancel(world, 'paid')
      await world.run(5_000)
      expect(world.notes().filter((note) => note.includes('cancel-refused'))).toHaveLength(1)
      expect(world.history()).toEqual(before)
    })
  })

  it('that comes before its saga cancels it at the first step', async () => {
    await inWorld({ pattern, plans: [plan] }, async (world) => {
      await world.stopHost(pattern === 'orchestration' ? 'orchestrator' : 'a')
      world.witnessed.length = 0
      await world.start(plan)
      await cancel(world, 'paid')
      await world.startHost(pattern === 'orchestration' ? 'orchestrator' : 'a')
      expect(await world.ended(plan)).toBe('compensated')
      await world.run(1_500)
      expect(told(world).filter((line) => line.startsWith('s1'))).toContainEqual(
        expect.stringMatching(/^s1 (withdrawn|succeeded)/),
      )
      expect(JSON.stringify(await world.rows())).not.toContain('"done"')
    })
  })

  it('by the saga`s own deadline', async () => {
    const timed = planOf(
      'timed',
      [{ kind: 'compensatable' }, { kind: 'pivot', form: 'wait' }, { kind: 'retriable' }],
      { within: '1m' },
    )
    await inWorld({ pattern, plans: [timed], trouble: { copies: 2, shuffle: 2 } }, async (world) => {
      await world.start(timed)
      await world.run(50_000)
      expect((await world.desk.status({ plan: 'timed', id: 'x' }))?.status).toBe('running')
      await world.run(15_000)
      expect((await world.desk.status({ plan: 'timed', id: 'x' }))?.status).toBe('compensated')
    })
  })
})

/** What is observed may be a tenth of a second behind. */
async function untilObserved(world: World): Promise<void> {
  await world.run(200)
}

describe('lost messages', () => {
  const plan = planOf('lost', [{ kind: 'compensatable' }, { kind: 'compensatable' }, { kind: 'retriable' }])

  it.each([
    { what: 'a command', is: (message: Message) => message.type === 'command' && message.ask.step === 's2' },
    {
      what: 'an answer',
      is: (message: Message) => message.type === 'event' && message.operation === 'lost/x/s2/run',
    },
  ])('orchestrated: $what is asked for again when it is overdue', async ({ is }) => {
    let left = 1
    const loses = (message: Message): boolean => is(message) && (left -= 1) >= 0
    await inWorld({ pattern: 'orchestration', plans: [plan], loses }, async (world) => {
      await world.start(plan)
      expect(await world.ended(plan)).toBe('completed')
      await untilObserved(world)
      expect(world.notes()).toEqual(['orchestrator overdue waiting for b.make'])
      expect(await world.doubled()).toEqual([])
    })
  })

  it('orchestrated: a lost withdraw is asked for again', async () => {
    const waiting = planOf('waiting', [{ kind: 'pivot', form: 'wait' }, { kind: 'retriable' }])
    let left = 1
    const loses = (message: Message): boolean => message.type === 'withdraw' && (left -= 1) >= 0
    await inWorld({ pattern: 'orchestration', plans: [waiting], loses }, async (world) => {
      await world.start(waiting)
      await world.run(2_000)
      await cancel(world, 'waiting')
      // The participant deferred for a minute: until then silence is normal.
      expect(await world.ended(waiting, 'x', 200_000)).toBe('compensated')
    })
  })

  it('orchestrated: repeated watches do not multiply', async () => {
    const waiting = planOf('stuck', [{ kind: 'retriable' }])
    await inWorld(
      {
        pattern: 'orchestration',
        plans: [waiting],
        script: { s1: 'throw' },
        trouble: { copies: 3, shuffle: 1 },
        settings: { overdueAfterMs: 1_000 },
      },
      async (world) => {
        await world.start(waiting)
        await world.run(60_000)
        const asked = new Set(world.notes().filter((note) => note.includes('overdue')))
        expect(asked.size).toBe(1)
        const watches = world.witnessed.filter(
          (message) => message.type === 'timer' && message.name === 'saga.watch',
        )
        // Each is delivered three times to the witness; asked after 1, 2, 4, ... seconds.
        expect(watches.length / 3).toBeLessThan(12)
      },
    )
  })

  it('choreographed: a lost event is repaired from the start row, once per n', async () => {
    let left = 1
    const loses = (message: Message): boolean =>
      message.type === 'event' && message.operation === 'lost/x/s2/run' && (left -= 1) >= 0
    await inWorld(
      { pattern: 'choreography', plans: [plan], loses, trouble: { copies: 3, shuffle: 4 } },
      async (world) => {
        await world.start(plan)
        await world.run(90_000)
        expect((await world.desk.status({ plan: 'lost', id: 'x' }))?.status).toBe('running')
        const repaired = world.desk.repair({ plan: 'lost', id: 'x' }, 1)
        await world.run(0)
        await repaired
        expect(await world.ended(plan)).toBe('completed')
        expect(await world.doubled()).toEqual([])
        await untilObserved(world)
        expect(world.history().filter((entry) => entry.type === 'ended')).toHaveLength(1)
      },
    )
  })
})
