// Faults: what throws is set aside while the batch commits; budgets; what is not known here; poison; deadly
// messages;
// parked decisions.
import { describe, expect, it, vi } from 'vitest'
import type { Message } from '@ensemble/core'
import { perform } from '../src/perform/perform.ts'
import { serviceOf, worksOf } from '../src/perform/work.ts'
import { Bench, lines } from './bench.ts'
import { implementationOf, planOf, things } from './services.ts'
import { inWorld, lettersOf, PATTERNS_BOTH, wrapped } from './world.ts'

const RUN = 'bench/x/s1/run'

describe.each(['make', 'write'] as const)('a handler that throws (%s)', (form) => {
  it.each(['check', 'compensatable', 'pivot'] as const)(
    'answers faulted when the tries of a %s are used up, for good',
    async (kind) => {
      if (kind === 'check' && form === 'write') return
      const bench = new Bench({ pattern: 'orchestration', kind, form })
      bench.script.steps.set('s1', 'throw')
      const said = [
        lines(await bench.deliver(bench.run)),
        lines(await bench.deliver(bench.retry(1))),
        lines(await bench.deliver(bench.retry(2))),
      ]
      bench.script.steps.clear()
      said.push(lines(await bench.deliver(bench.retry(3))))
      expect(said).toEqual([
        ['note retrying'],
        ['note retrying'],
        [`${RUN}#answer faulted`],
        [`${RUN}#answer faulted`],
      ])
      expect(await bench.thing()).toBeUndefined()
    },
  )

  it('of a retriable or an undo is tried for ever, with a budget of its own and a parked note', async () => {
    const bench = new Bench({ pattern: 'orchestration', form })
    bench.script.steps.set('s1:undo', 'throw')
    await bench.deliver(bench.run)
    const { undo } = bench
    const said = [lines(await bench.deliver(undo))]
    if (form === 'write') return
    for (let attempt = 1; attempt < 6; attempt += 1)
      said.push(lines(await bench.deliver(bench.retry(attempt, undo))))
    expect(said.flat()).toEqual([
      'note retrying',
      'note retrying',
      'note parked',
      'note parked',
      'note parked',
      'note parked',
    ])
    bench.script.steps.clear()
    expect(lines(await bench.deliver(bench.retry(6, undo)))).toEqual(['bench/x/s1/undo#answer succeeded'])
  })
})

describe('an input that the contract refuses', () => {
  const broken = (bench: Bench, key: unknown): Message => {
    if (bench.run.type !== 'command') throw new Error('only orchestrated')
    return { ...bench.run, ask: { ...bench.run.ask, input: { key } } }
  }

  it.each(['make', 'write', 'call'] as const)(
    'is answered faulted at once, and nothing else of the batch suffers (%s)',
    async (form) => {
      const bench = new Bench({ pattern: 'orchestration', form })
      const other = { ...bench.ask, operation: 'bench/y/s1/run' }
      const good: Message = bench.run.type === 'command' ? { ...bench.run, id: 'y', ask: other } : bench.run
      const sent = await bench.deliver(broken(bench, 7), good)
      expect(sent[0]).toMatchObject({ answer: { status: 'faulted', error: { code: 'INPUT_INVALID' } } })
      expect(lines(sent).slice(1)).toEqual(form === 'call' ? [] : ['bench/y/s1/run#answer succeeded'])
    },
  )

  it('that has no key at all is no poison', async () => {
    const bench = new Bench({ pattern: 'orchestration' })
    const message = broken(bench, 7)
    const keyless: Message =
      message.type === 'command' ? { ...message, ask: { ...message.ask, input: null } } : message
    expect(lines(await bench.deliver(keyless))).toEqual([`${RUN}#answer faulted`])
  })
})

describe.each(PATTERNS_BOTH)('in a system, %s', (pattern) => {
  const plan = planOf('faults', [
    { kind: 'compensatable' },
    { kind: 'compensatable', form: 'write' },
    { kind: 'retriable' },
  ])

  it('a fault holds up nobody behind it', async () => {
    await inWorld({ pattern, plans: [plan], script: { s3: 'throw' } }, async (world) => {
      await world.start(plan, 'x')
      await world.run(5_000)
      world.script.steps.clear()
      await world.start(plan, 'y')
      await world.run(900)
      expect((await world.desk.status({ plan: 'faults', id: 'y' }))?.status).toBe('completed')
      expect(await world.ended(plan)).toBe('completed')
      expect(world.notes().filter((note) => note.includes('parked')).length).toBeGreaterThan(0)
      expect(await world.doubled()).toEqual([])
    })
  })

  it('what an older instance does not know is set aside, and taken by a newer one', async () => {
    const newer = planOf(
      'newer',
      [{ kind: 'compensatable' }, { kind: 'compensatable' }, { kind: 'retriable' }],
      { within: '1m' },
    )
    await inWorld({ pattern, plans: [plan, newer] }, async (world) => {
      await world.stopHost(pattern === 'orchestration' ? 'orchestrator' : 'a')
      world.plans = [plan]
      // It still reads the topics that the newer plan needs.
      world.plans = [
        planOf('older', [{ kind: 'compensatable' }, { kind: 'compensatable' }, { kind: 'retriable' }]),
      ]
      await world.startHost(pattern === 'orchestration' ? 'orchestrator' : 'a')
      await world.start(newer)
      await world.run(5_000)
      expect((await world.desk.status({ plan: 'newer', id: 'x' }))?.status).toBe('running')
      expect(world.notes().some((note) => note.includes('PLAN_UNKNOWN'))).toBe(true)
      await world.stopHost(pattern === 'orchestration' ? 'orchestrator' : 'a')
      world.plans = [newer]
      await world.startHost(pattern === 'orchestration' ? 'orchestrator' : 'a')
      expect(await world.ended(newer)).toBe('completed')
      expect(await world.doubled()).toEqual([])
    })
  })

  it('the saga deadline holds for a saga that had to wait for a newer instance', async () => {
    const newer = planOf('slow', [{ kind: 'pivot', form: 'wait' }, { kind: 'retriable' }], { within: '1m' })
    await inWorld({ pattern, plans: [newer] }, async (world) => {
      const name = pattern === 'orchestration' ? 'orchestrator' : 'a'
      await world.stopHost(name)
      world.plans = [planOf('older', [{ kind: 'pivot' }, { kind: 'retriable' }])]
      await world.startHost(name)
      await world.start(newer)
      await world.run(3_000)
      await world.stopHost(name)
      world.plans = [newer]
      await world.startHost(name)
      expect(await world.ended(newer)).toBe('compensated')
    })
  })

  it.each(['s2', 'end'] as const)(
    'a plan function that throws at %s undoes nothing: the decision is parked and made again after a deployment',
    async (at) => {
      const steps = [{ kind: 'compensatable' }, { kind: 'compensatable' }, { kind: 'retriable' }] as const
      const good = planOf('throws', steps)
      const throwing =
        at === 'end'
          ? { ...good, end: { ...good.end, completed: () => fail() } }
          : planOf('throws', steps, { throws: at })
      await inWorld({ pattern, plans: [throwing], trouble: { copies: 3, shuffle: 1 } }, async (world) => {
        await world.start(throwing)
        await world.run(8_000)
        expect((await world.desk.status({ plan: 'throws', id: 'x' }))?.status).toBe('running')
        const parked = world.notes().filter((note) => note.includes('PLAN_THROWS')).length
        expect(parked).toBeGreaterThan(3)
        // One try at a time, half a second apart at least: copies must not multiply the tries.
        expect(parked).toBeLessThan(3 * 30)
        for (const name of ['a', 'b', 'c', 'orchestrator']) {
          if (name === 'orchestrator' && pattern === 'choreography') continue
          await world.stopHost(name)
          world.plans = [good]
          await world.startHost(name)
        }
        expect(await world.ended(good)).toBe('completed')
        expect(await world.doubled()).toEqual([])
      })
    },
  )
})

function fail(): never {
  throw new Error('the plan throws at its end')
}

describe('a message that fails its batch as a whole', () => {
  const plan = planOf('poison', [{ kind: 'compensatable' }, { kind: 'compensatable' }, { kind: 'retriable' }])
  const poison = (call: string, args: readonly unknown[]): void => {
    if (call === 'operations.load' && JSON.stringify(args).includes('/bad/s2/run')) {
      if (!silentOnly) throw Object.assign(new Error('this key breaks the table'), { code: 'SQL' })
    }
  }
  let silentOnly = false

  it.each(PATTERNS_BOTH)(
    'is found by halving, a dead letter; everything else goes on (%s)',
    async (pattern) => {
      silentOnly = false
      await inWorld({ pattern, plans: [plan] }, async (world) => {
        await world.stopHost('b')
        for (const id of ['g1', 'g2', 'bad', 'g3', 'g4', 'g5']) await world.start(plan, id)
        await world.run(500)
        await world.startHost('b', (database) => wrapped(database, { onCall: poison }))
        for (const id of ['g1', 'g2', 'g3', 'g4', 'g5']) expect(await world.ended(plan, id)).toBe('completed')
        const letters = await lettersOf(world, 'b')
        expect(letters.length).toBeGreaterThan(0)
        expect(letters.every((letter) => letter.includes('/bad/'))).toBe(true)
      })
    },
  )

  it.each(PATTERNS_BOTH)('is answered faulted where its operation can be read (%s)', async (pattern) => {
    await inWorld({ pattern, plans: [plan] }, async (world) => {
      await world.stopHost('b')
      for (const id of ['g1', 'bad', 'g2']) await world.start(plan, id)
      await world.run(500)
      // The insert of the answer `succeeded` is what breaks; `faulted` can be stored.
      await world.startHost('b', (database) =>
        wrapped(database, {
          onCall: (call, args) => {
            const text = JSON.stringify(args)
            if (call === 'operations.insert' && /bad\/s2\/run","status":"succeeded/.test(text))
              throw Object.assign(new Error('broken'), { code: 'SQL' })
          },
        }),
      )
      expect(await world.ended(plan, 'bad')).toBe('compensated')
      for (const id of ['g1', 'g2']) expect(await world.ended(plan, id)).toBe('completed')
      expect((await lettersOf(world, 'b')).map((letter) => letter.includes('/bad/'))).toEqual([true])
    })
  })
})

describe('a message that is put away', () => {
  it('is answered faulted though its aggregate cannot be loaded; what is certain is parked', async () => {
    const load = vi.spyOn(things, 'load').mockRejectedValue(new Error('this row breaks the table'))
    try {
      const refuse = { code: 'SQL', message: 'broken' }
      const run = new Bench({ pattern: 'choreography' })
      run.options = { ...run.options, refuse }
      expect(lines(await run.deliver(run.run))).toEqual([`${RUN}#answer faulted`, 'bench.compensated'])
      const certain = new Bench({ pattern: 'orchestration', kind: 'retriable' })
      certain.options = { ...certain.options, refuse }
      expect(lines(await certain.deliver(certain.run))).toEqual(['note parked'])
      expect(await certain.status()).toBe('set_aside')
    } finally {
      load.mockRestore()
    }
  })
})

it('of a message that is put away no handler is asked anything: that may be what killed', async () => {
  const bench = new Bench({ pattern: 'choreography' })
  const [work] = worksOf(serviceOf('a', implementationOf('a', bench.script)), bench.run)
  if (work?.do !== 'run' || work.handler.form !== 'aggregate') throw new Error('a run of an aggregate')
  const key = vi.spyOn(work.handler.rule, 'key')
  const options = { ...bench.options, refuse: { code: 'KILLS_WORKER', message: 'died 3 times' } }
  const { messages } = await bench.database.transaction((tx) => perform(tx, [work], options))
  expect(lines(messages)).toEqual([`${RUN}#answer faulted`, 'bench.compensated'])
  expect(key).not.toHaveBeenCalled()
})

// Found by the simulator: the orchestrator asked again for ever, and each time it was put away in silence.
describe.each(PATTERNS_BOTH)('a withdraw that is put away, %s', (pattern) => {
  const refuse = { code: 'KILLS_WORKER', message: 'died 3 times' }

  it('is obeyed all the same: its run is not done any more', async () => {
    const bench = new Bench({ pattern })
    const { options } = bench
    bench.options = { ...options, refuse }
    const before = lines(await bench.deliver(bench.withdraw()))
    bench.options = options
    const after = lines(await bench.deliver(bench.run))
    expect([...before, ...after]).toEqual(
      pattern === 'orchestration'
        ? [`${RUN}#answer withdrawn`, `${RUN}#answer withdrawn`]
        : [`${RUN}#answer withdrawn`, 'bench.compensated'],
    )
    expect(await bench.thing()).toBeUndefined()
  })

  it('leaves a deferred run as it is, and says so: only its rule knows what became of it', async () => {
    const bench = new Bench({ pattern, form: 'wait' })
    await bench.deliver(bench.run)
    bench.options = { ...bench.options, refuse }
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual(['note parked'])
    expect(await bench.status()).toBe('deferred')
  })
})

describe('a message that kills the worker', () => {
  const plan = planOf('deadly', [{ kind: 'compensatable' }, { kind: 'retriable' }])

  it.each(PATTERNS_BOTH)(
    'is found by counting, answered faulted, and the others go on (%s)',
    async (pattern) => {
      await inWorld({ pattern, plans: [plan] }, async (world) => {
        await world.stopHost('a')
        for (const id of ['g1', 'g2', 'kill', 'g3']) await world.start(plan, id)
        await world.run(500)
        world.script.onHandle = (operation) => {
          if (operation === 'deadly/kill/s1/run') world.die('a')
        }
        const ended = async (id: string): Promise<string> =>
          (await world.desk.status({ plan: 'deadly', id }))?.status ?? ''
        let lives = 0
        while ((await ended('kill')) === 'running' || (await ended('g3')) === 'running') {
          lives += 1
          if (lives > 40) throw new Error(`still dying: ${world.notes('kill').join(', ')}`)
          await world.startHost('a')
          await world.run(1_500)
          const killed = world.kill('a')
          await world.run(0)
          await killed
        }
        expect([await ended('g1'), await ended('g2'), await ended('g3'), await ended('kill')]).toEqual([
          'completed',
          'completed',
          'completed',
          'compensated',
        ])
        expect((await lettersOf(world, 'a')).map((letter) => letter.includes('/kill/'))).toEqual([true])
        expect(await world.doubled()).toEqual([])
      })
    },
  )

  it('is not what a database was that went away four times', async () => {
    let away = 0
    await inWorld({ pattern: 'orchestration', plans: [plan] }, async (world) => {
      await world.stopHost('a')
      await world.start(plan)
      await world.startHost('a', (database) =>
        wrapped(database, {
          onCall: (call) => {
            if (call !== 'operations.load' || away >= 8) return
            away += 1
            throw Object.assign(new Error('away'), { code: 'CONNECTION' })
          },
        }),
      )
      expect(await world.ended(plan)).toBe('completed')
      expect([away, await lettersOf(world, 'a')]).toEqual([8, []])
    })
  })
})
