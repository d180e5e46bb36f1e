// Age: a row answers at any age; without one, nothing that is older than the horizon is executed; nothing
// begins late.
import { describe, expect, it } from 'vitest'
import type { Message, StepKind } from '@ensemble/core'
import { prune } from '../src/shell/prune.ts'
import { settingsOf } from '../src/shell/settings.ts'
import { Bench, lines } from './bench.ts'

const RUN = 'bench/x/s1/run'

describe('age', () => {
  const OLD = 40 * 86_400_000
  async function aged(
    pattern: 'orchestration' | 'choreography',
    before: readonly ('run' | 'withdraw')[],
    kind: StepKind = 'compensatable',
  ): Promise<Bench> {
    const bench = new Bench({ pattern, kind })
    for (const what of before) await bench.deliver(what === 'run' ? bench.run : bench.withdraw())
    await bench.clock.advance(OLD)
    await bench.database.transaction((tx) =>
      bench.database.stores.registry.moveHorizon(tx, bench.clock.now() - 1),
    )
    return bench
  }

  it.each(['run', 'withdraw'] as const)(
    'without a row an old %s is not executed: dead letter TOO_OLD, parked',
    async (what) => {
      for (const pattern of ['orchestration', 'choreography'] as const) {
        const bench = await aged(pattern, [])
        const message: Message = what === 'run' ? bench.run : bench.withdraw()
        const answered = pattern === 'orchestration' ? [`${RUN}#answer faulted`] : []
        expect(lines(await bench.deliver(message))).toEqual([
          ...answered,
          'note parked',
          `a!${message.id}! public`,
        ])
        expect([await bench.deadLetters(), await bench.status(), await bench.thing()]).toEqual([
          ['TOO_OLD'],
          'none',
          undefined,
        ])
      }
    },
  )

  // Found by the simulator: buried without a look at its age it was kept to be tried again, and then executed.
  it('without a row an old run whose workers died is put away as too old, not kept', async () => {
    for (const kind of ['compensatable', 'retriable'] as const) {
      const bench = await aged('orchestration', [], kind)
      bench.options = { ...bench.options, refuse: { code: 'KILLS_WORKER', message: 'died 3 times' } }
      expect(lines(await bench.deliver(bench.run))).toEqual([
        `${RUN}#answer faulted`,
        'note parked',
        `a!${bench.run.id}! public`,
      ])
      expect([await bench.deadLetters(), await bench.status()]).toEqual([['TOO_OLD'], 'none'])
    }
  })

  it('a row answers at any age', async () => {
    const bench = await aged('orchestration', ['run'])
    expect(lines(await bench.deliver(bench.run, bench.withdraw()))).toEqual([
      `${RUN}#answer succeeded`,
      `${RUN}#answer succeeded`,
    ])
  })

  it('what was answered is forgotten with its horizon; what is not answered never', async () => {
    const settings = settingsOf({})
    const stopping = new AbortController().signal
    const gone = new Bench({ pattern: 'orchestration' })
    const waits = new Bench({ pattern: 'orchestration', form: 'wait' })
    for (const bench of [gone, waits]) {
      await bench.deliver(bench.run)
      await bench.clock.advance(OLD)
      expect(await prune(bench.database, { service: 'a', settings, stopping })).toBe(bench === gone ? 1 : 0)
      const { registry } = bench.database.stores
      expect(await registry.horizon(bench.database)).toBe(
        bench.clock.now() - settings.operationRetentionMs + 3_600_000,
      )
    }
    expect(lines(await gone.deliver(gone.run))).toEqual([
      `${RUN}#answer faulted`,
      'note parked',
      `a!${gone.run.id}! public`,
    ])
    expect(lines(await waits.deliver(waits.withdraw()))).toEqual([`${RUN}#answer withdrawn`])
  })

  it('a run that would begin late is answered rejected: expired, its retry too', async () => {
    const late = new Bench({ pattern: 'orchestration' })
    await late.clock.advance(300_001)
    expect(await late.deliver(late.run)).toMatchObject([
      { answer: { status: 'rejected', rejection: 'expired' } },
    ])
    const retried = new Bench({ pattern: 'choreography' })
    retried.script.steps.set('s1', 'throw')
    await retried.deliver(retried.run)
    await retried.clock.advance(300_001)
    expect(lines(await retried.deliver(retried.retry(1)))).toEqual([
      `${RUN}#answer rejected`,
      'bench.compensated',
    ])
  })
})
