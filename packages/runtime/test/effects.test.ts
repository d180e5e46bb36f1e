// Effects: the intent is stored before the call, the outcome in a second transaction; doubt, takeover,
// deadline, giving up.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import type { Message, StepKind } from '@ensemble/core'
import type { Clock, Stopwatch } from '../src/ports.ts'
import { PlanBook } from '../src/plans.ts'
import { Bench, CANCEL, lines } from './bench.ts'
import { planOf, type Behaviour, type Form } from './services.ts'
import { inWorld, PATTERNS_BOTH } from './world.ts'

const RUN = 'bench/x/s1/run'

interface Calling {
  readonly bench: Bench
  readonly sent: Message[]
  /** One call from its claim to its stored outcome, later than anything was due. */
  readonly call: (behaviour: Behaviour, afterMs?: number) => Promise<void>
}

async function calling(
  what: { kind?: StepKind; form?: Form; pattern?: 'orchestration' | 'choreography' } = {},
): Promise<Calling> {
  const bench = new Bench({ pattern: 'orchestration', form: 'call', ...what })
  await bench.deliver(bench.run)
  expect(bench.script.calls).toEqual([])
  expect(await bench.row()).toMatchObject({ status: 'set_aside', attempt: 0 })
  const sent: Message[] = []
  const worker = bench.worker(sent)
  const call = async (behaviour: Behaviour, afterMs = 10_000): Promise<void> => {
    bench.script.steps.set('s1', behaviour)
    await bench.clock.advance(afterMs)
    await worker.step()
    const ended = worker.drain()
    await bench.clock.advance(1_000)
    await ended
  }
  return { bench, sent, call }
}

describe('one call', () => {
  it('is made with the operation`s id as key after its intent is stored; its word is the answer', async () => {
    const { bench, sent, call } = await calling()
    await call('ok', 0)
    expect(bench.script.calls).toEqual([{ operation: RUN, run: null, attempt: 1 }])
    expect(lines(sent)).toEqual([`${RUN}#answer succeeded`])
  })

  it('is told with when it was made and what it said, once for each try', async () => {
    const told: unknown[] = []
    const hear = (one: unknown): void => void told.push(one)
    subscribe('ensemble:call', hear)
    try {
      const { bench, call } = await calling()
      const startedAt = bench.clock.now()
      await call('hang', 0)
      await call('ok')
      const one = {
        service: 'a',
        operation: RUN,
        saga: { plan: 'bench', id: 'x', pattern: 'orchestration' },
      }
      expect(told).toEqual([
        { ...one, attempt: 1, beganAt: startedAt, endedAt: startedAt + 1_000, said: 'doubt' },
        { ...one, attempt: 2, beganAt: startedAt + 11_000, endedAt: startedAt + 11_000, said: 'succeeded' },
      ])
    } finally {
      unsubscribe('ensemble:call', hear)
    }
  })

  // Found by the simulator: it called a provider for a run that another worker had been refused meanwhile.
  it.each([
    ['call', 1, 'with its machine', { nowMs: 60_000, elapsedMs: 0 }],
    ['guess', 2, 'with its machine', { nowMs: 60_000, elapsedMs: 0 }],
    ['call', 1, 'while its clock was set back', { nowMs: -60_000, elapsedMs: 60_000 }],
  ] as const)(
    'is not made by a worker that was stopped between its claim and its call, and leaves no doubt (%s, %i, %s)',
    async (form, claimCount, _how, { nowMs, elapsedMs }) => {
      const { bench, sent, call } = await calling({ form })
      const looks = { now: 0, elapsed: 0 }
      const clock: Clock & Stopwatch = {
        now: () => bench.clock.now() + (++looks.now > claimCount ? nowMs : 0),
        elapsed: () => bench.clock.elapsed() + (++looks.elapsed > claimCount ? elapsedMs : 0),
        sleep: (ms, signal) => bench.clock.sleep(ms, signal),
      }
      const worker = bench.worker(sent, clock)
      await worker.step()
      await worker.drain()
      expect([bench.script.calls, lines(sent)]).toEqual([[], ['note retrying']])
      expect(await bench.row()).toMatchObject({ status: 'set_aside', attempt: 1, doubt: false })
      await call('ok')
      expect(lines(sent)).toEqual(['note retrying', `${RUN}#answer succeeded`])
    },
  )

  it('surely not done is tried again without doubt, and faulted when its tries are used up', async () => {
    const { bench, sent, call } = await calling()
    await call('not done')
    expect(await bench.row()).toMatchObject({ status: 'set_aside', attempt: 1, doubt: false })
    await call('not done')
    await call('not done')
    expect(lines(sent)).toEqual(['note retrying', 'note retrying', `${RUN}#answer faulted`])
  })

  it('without an answer is in doubt: never faulted any more, unknown at the end', async () => {
    const { bench, sent, call } = await calling()
    await call('hang')
    expect(await bench.row()).toMatchObject({ status: 'calling', doubt: true })
    await call('not done')
    expect(await bench.row()).toMatchObject({ status: 'calling', doubt: true })
    await call('throw')
    expect(lines(sent)).toEqual(['note retrying', 'note retrying', `${RUN}#answer unknown`])
  })

  it('in doubt is ended by the provider`s word about the key', async () => {
    const { sent, call } = await calling()
    await call('hang')
    await call('reject')
    expect(lines(sent)).toEqual(['note retrying', `${RUN}#answer rejected`])
  })

  it.each(['pivot', 'retriable'] as const)(
    'of a %s is never answered unknown: it is parked and goes on',
    async (kind) => {
      const bench = await calling(kind === 'pivot' ? { kind } : { kind, form: 'call' })
      for (let tries = 0; tries < 5; tries += 1) {
        bench.bench.script.steps.set('s1:undo', 'hang')
        await bench.call('hang')
      }
      expect(lines(bench.sent)).toEqual([
        'note retrying',
        'note retrying',
        'note parked',
        'note parked',
        'note parked',
      ])
      bench.bench.script.steps.delete('s1:undo')
      await bench.call('ok')
      expect(lines(bench.sent).at(-1)).toBe(`${RUN}#answer succeeded`)
    },
  )

  it('that would begin after its deadline is not made', async () => {
    const { bench, sent, call } = await calling()
    await call('ok', 300_001)
    expect(bench.script.calls).toEqual([])
    expect(sent).toMatchObject([{ answer: { status: 'rejected', rejection: 'expired' } }])
  })

  it('in doubt is made after the deadline all the same: never expired', async () => {
    const { sent, call } = await calling()
    await call('hang')
    await call('ok', 300_001)
    expect(lines(sent)).toEqual(['note retrying', `${RUN}#answer succeeded`])
  })

  it('surely not done with a wish noted is withdrawn', async () => {
    const { bench, sent } = await calling()
    const worker = bench.worker(sent)
    const gate = Promise.withResolvers<void>()
    bench.script.gate = gate.promise
    bench.script.steps.set('s1', 'not done')
    await worker.step()
    await bench.deliver(bench.withdraw())
    expect(await bench.row()).toMatchObject({ status: 'calling', wish: CANCEL })
    gate.resolve()
    await worker.drain()
    expect(lines(sent)).toEqual([`${RUN}#answer withdrawn`])
  })

  it('choreographed, that succeeds with a wish noted goes back including itself', async () => {
    const { bench, sent, call } = await calling({ pattern: 'choreography' })
    await call('hang')
    await bench.deliver(bench.withdraw())
    await call('ok')
    expect(lines(sent)).toEqual(['note retrying', `${RUN}#answer succeeded -> bench/x/s1/undo`])
  })

  it('that throws at once, before it returns a promise, leaves nothing behind that could fail later', async () => {
    const { bench, sent, call } = await calling()
    await call('throw')
    await bench.clock.advance(60_000)
    expect(lines(sent)).toEqual(['note retrying'])
  })
})

describe('a dead worker', () => {
  it('is taken over after the lease, in doubt', async () => {
    const { bench, sent } = await calling()
    const { operations } = bench.database.stores
    await bench.database.transaction((tx) =>
      operations.claimDue(tx, { owners: ['effect:p'], leaseMs: 6_000, countMax: 1 }),
    )
    await bench.clock.advance(5_999)
    const worker = bench.worker(sent)
    expect(await worker.step()).toBe(0)
    await bench.clock.advance(1)
    bench.script.steps.set('s1', 'not done')
    expect(await worker.step()).toBe(1)
    await worker.drain()
    expect(await bench.row()).toMatchObject({ status: 'calling', attempt: 2, doubt: true })
  })

  it('that speaks after the answer only leaves a note for the reconciliation list', async () => {
    const { bench, sent } = await calling()
    const gate = Promise.withResolvers<void>()
    bench.script.gate = gate.promise
    const worker = bench.worker(sent)
    await worker.step()
    const row = await bench.row()
    if (row === undefined) throw new Error('the row is there')
    const { operations } = bench.database.stores
    await bench.database.transaction((tx) => operations.update(tx, [{ ...row, status: 'unknown' }]))
    gate.resolve()
    await worker.drain()
    expect(lines(sent)).toEqual(['note reconcile'])
    expect(await bench.row()).toMatchObject({ status: 'unknown' })
  })
})

describe('an older instance', () => {
  it('gives back what it cannot pass on: no call, no doubt, no try used up', async () => {
    const { bench, sent } = await calling({ pattern: 'choreography' })
    const { shop } = bench.options
    bench.options = { ...bench.options, shop: { ...shop, plans: new PlanBook([]) } }
    const old = bench.worker(sent)
    expect(await old.step()).toBe(0)
    expect(await bench.row()).toMatchObject({ status: 'set_aside', attempt: 0, doubt: false })
    expect(bench.script.calls).toEqual([])
    bench.options = { ...bench.options, shop }
    await bench.clock.advance(1_000)
    const newer = bench.worker(sent)
    await newer.step()
    await newer.drain()
    expect(lines(sent)).toEqual([`${RUN}#answer succeeded -> bench/x/s2/run`])
  })
})

describe('giving up', () => {
  it.each([
    { kind: 'compensatable', line: `${RUN}#answer unknown` },
    { kind: 'pivot', line: 'note parked' },
  ] as const)('a $kind without an idempotency key in doubt: $line', async ({ kind, line }) => {
    const { bench, sent, call } = await calling({ kind, form: 'guess' })
    await call('hang')
    expect(lines(sent)).toEqual([line])
    await call('ok')
    expect(bench.script.calls).toHaveLength(1)
  })
})

describe('bounded per provider', () => {
  it('calls of one provider do not use up the other`s', async () => {
    const plan = planOf('many', [{ kind: 'compensatable', form: 'call' }])
    const other = planOf('other', [{ kind: 'compensatable', form: 'guess' }])
    await inWorld(
      { pattern: 'orchestration', plans: [plan, other], script: { s1: 'hang' } },
      async (world) => {
        for (let index = 0; index < 9; index += 1) await world.start(plan, `m${index}`)
        await world.run(900)
        const out = world.script.calls.length
        world.script.steps.set('s1', 'ok')
        await world.start(other, 'o')
        await world.run(60)
        expect([out, world.script.calls.some(({ operation }) => operation.startsWith('other/'))]).toEqual([
          8,
          true,
        ])
      },
    )
  })
})

describe.each(PATTERNS_BOTH)('unknown in a saga, %s', (pattern) => {
  it('undoes the steps before and itself, giving the undo its run`s id', async () => {
    const plan = planOf('unknown', [
      { kind: 'compensatable' },
      { kind: 'compensatable', form: 'call' },
      { kind: 'retriable' },
    ])
    await inWorld({ pattern, plans: [plan], script: { s2: 'throw' } }, async (world) => {
      await world.start(plan)
      expect(await world.ended(plan)).toBe('compensated')
      await world.run(1_000)
      expect(world.script.calls.at(-1)).toEqual({
        operation: 'unknown/x/s2/undo',
        run: 'unknown/x/s2/run',
        attempt: 1,
      })
      expect(
        world
          .history()
          .map((entry) => (entry.type === 'undone' ? entry.step : null))
          .filter(Boolean),
      ).toEqual(['s2', 's1'])
    })
  })

  it('a worker that dies while its call is out is taken over after a restart', async () => {
    const plan = planOf('dies', [{ kind: 'compensatable', form: 'call' }, { kind: 'retriable' }])
    await inWorld({ pattern, plans: [plan], script: { s1: 'hang' } }, async (world) => {
      await world.start(plan)
      await world.until(() => world.script.calls.length === 1)
      const killed = world.kill('a')
      await world.run(2_000)
      await killed
      world.script.steps.clear()
      await world.startHost('a')
      expect(await world.ended(plan)).toBe('completed')
      expect(world.script.calls.map(({ attempt }) => attempt)).toEqual([1, 2])
    })
  })
})
