// Every cell of the operation table: what a run, its retry and a withdraw mean for each status of the row, in
// both patterns.
import { describe, expect, it } from 'vitest'
import { Bench, CANCEL, lines } from './bench.ts'

const RUN = 'bench/x/s1/run'

async function orchestrated(more: Partial<ConstructorParameters<typeof Bench>[0]> = {}): Promise<Bench> {
  return new Bench({ pattern: 'orchestration', ...more })
}
async function choreographed(more: Partial<ConstructorParameters<typeof Bench>[0]> = {}): Promise<Bench> {
  return new Bench({ pattern: 'choreography', ...more })
}

describe('no row', () => {
  it('a run is handled', async () => {
    const bench = await orchestrated()
    expect(lines(await bench.deliver(bench.run))).toEqual([`${RUN}#answer succeeded`])
    expect(await bench.status()).toBe('succeeded')
  })

  it('a withdraw is stored as withdrawn, and the run that comes later is told so', async () => {
    const bench = await orchestrated()
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual([`${RUN}#answer withdrawn`])
    expect(lines(await bench.deliver(bench.run))).toEqual([`${RUN}#answer withdrawn`])
    expect(await bench.thing()).toBeUndefined()
  })

  it('choreographed, a withdraw waits in the row for its slip, then goes back', async () => {
    const bench = await choreographed()
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual([])
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual([])
    expect(lines(await bench.deliver(bench.run))).toEqual([`${RUN}#answer withdrawn`, 'bench.compensated'])
    expect(lines(await bench.deliver(bench.run))).toEqual([])
    expect(await bench.thing()).toBeUndefined()
  })

  it.each(['make', 'write'] as const)(
    'run and withdraw in one batch, in both orders: one answer (%s)',
    async (form) => {
      for (const pattern of ['orchestration', 'choreography'] as const) {
        const first = new Bench({ pattern, form })
        const sent = await first.deliver(first.run, first.withdraw())
        expect(await first.status()).toBe('succeeded')
        expect(lines(sent)).toEqual(
          pattern === 'orchestration'
            ? [`${RUN}#answer succeeded`, `${RUN}#answer succeeded`]
            : [`${RUN}#answer succeeded -> bench/x/s2/run`, 'withdraw bench/x/s2/run'],
        )
        const second = new Bench({ pattern, form })
        const answers = lines(await second.deliver(second.withdraw(), second.run))
        expect([await second.status(), new Set(answers.filter((line) => line.includes('#answer')))]).toEqual([
          'withdrawn',
          new Set([`${RUN}#answer withdrawn`]),
        ])
      }
    },
  )

  it('an operator supplies the outcome of a run that never came', async () => {
    const supply = { status: 'succeeded', output: { by: 'hand' } } as const
    const asked = await orchestrated()
    expect(lines(await asked.deliver(asked.withdraw(supply)))).toEqual([`${RUN}#answer succeeded`])
    const held = await choreographed()
    expect(lines(await held.deliver(held.withdraw(supply), held.run))).toEqual([
      `${RUN}#answer succeeded -> bench/x/s2/run`,
    ])
  })

  it.each(['retriable', 'undo'] as const)(
    'a cancel of a %s is refused, a supplied outcome is not',
    async (what) => {
      const bench = await orchestrated(what === 'undo' ? {} : { kind: 'retriable' })
      const { undo } = bench
      const ask = what === 'undo' && undo.type === 'command' ? undo.ask : bench.ask
      expect(lines(await bench.deliver(bench.withdraw(null, ask)))).toEqual(['note cancel-refused'])
      expect(lines(await bench.deliver(bench.withdraw({ status: 'succeeded', output: null }, ask)))).toEqual([
        `${ask.operation}#answer succeeded`,
      ])
    },
  )
})

describe.each(['make', 'write'] as const)('set aside (%s)', (form) => {
  async function setAside(
    pattern: 'orchestration' | 'choreography',
    kind: 'compensatable' | 'retriable' = 'compensatable',
  ): Promise<Bench> {
    const bench = new Bench({ pattern, form, kind })
    bench.script.steps.set('s1', 'throw').set('s1:undo', 'throw')
    await bench.deliver(bench.run)
    expect(await bench.row()).toMatchObject({ status: 'set_aside', attempt: 1 })
    bench.script.steps.clear()
    return bench
  }

  it.each(['orchestration', 'choreography'] as const)(
    '%s: a retry with an earlier number than the row`s is not handled',
    async (pattern) => {
      const bench = await setAside(pattern)
      bench.script.steps.set('s1', 'throw')
      await bench.deliver(...(await bench.due(1_000)))
      expect(await bench.row()).toMatchObject({ status: 'set_aside', attempt: 2 })
      bench.script.steps.clear()
      expect(lines(await bench.deliver(bench.run, bench.retry(1)))).toEqual([])
      expect(await bench.status()).toBe('set_aside')
      expect(lines(await bench.deliver(...(await bench.due(2_000))))[0]).toContain(`${RUN}#answer succeeded`)
      expect(lines(await bench.deliver(bench.retry(1)))).toEqual(
        pattern === 'orchestration' ? [`${RUN}#answer succeeded`] : [],
      )
    },
  )

  it('three copies in one batch set one retry', async () => {
    const bench = new Bench({ pattern: 'orchestration', form })
    bench.script.steps.set('s1', 'throw')
    await bench.deliver(bench.run, bench.run, bench.run)
    expect(await bench.row()).toMatchObject({ status: 'set_aside', attempt: 1 })
    expect(await bench.due(1_000)).toHaveLength(1)
  })

  it('a withdraw makes it withdrawn; its retry is answered so', async () => {
    const asked = await setAside('orchestration')
    expect(lines(await asked.deliver(asked.withdraw()))).toEqual([`${RUN}#answer withdrawn`])
    expect(lines(await asked.deliver(asked.retry(1)))).toEqual([`${RUN}#answer withdrawn`])
    const held = await setAside('choreography')
    expect(lines(await held.deliver(held.withdraw()))).toEqual([
      `${RUN}#answer withdrawn`,
      'bench.compensated',
    ])
    expect(lines(await held.deliver(held.retry(1)))).toEqual([])
  })

  it('a supplied success goes on, in both patterns', async () => {
    const supply = { status: 'succeeded', output: null } as const
    const asked = await setAside('orchestration')
    expect(lines(await asked.deliver(asked.withdraw(supply)))).toEqual([`${RUN}#answer succeeded`])
    const held = await setAside('choreography')
    expect(lines(await held.deliver(held.withdraw(supply)))).toEqual([
      `${RUN}#answer succeeded -> bench/x/s2/run`,
    ])
  })

  it('a retriable is not withdrawn', async () => {
    const bench = await setAside('orchestration', 'retriable')
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual(['note cancel-refused'])
    expect(await bench.status()).toBe('set_aside')
  })
})

describe('calling', () => {
  async function calling(
    pattern: 'orchestration' | 'choreography',
    kind: 'compensatable' | 'pivot' = 'compensatable',
  ): Promise<Bench> {
    const bench = new Bench({ pattern, form: 'call', kind })
    await bench.deliver(bench.run)
    const { operations } = bench.database.stores
    await bench.database.transaction((tx) =>
      operations.claimDue(tx, { owners: ['effect:p'], leaseMs: 6_000, countMax: 9 }),
    )
    expect(await bench.status()).toBe('calling')
    return bench
  }

  it.each(['orchestration', 'choreography'] as const)(
    '%s: a run is ignored, a withdraw is noted on the row',
    async (pattern) => {
      const bench = await calling(pattern)
      expect(lines(await bench.deliver(bench.run, bench.withdraw(), bench.withdraw()))).toEqual([])
      expect(await bench.row()).toMatchObject({ status: 'calling', wish: CANCEL })
    },
  )

  it('a supplied outcome does not become a wish while a call is out; it ends a parked one', async () => {
    const bench = await calling('orchestration')
    const supply = bench.withdraw({ status: 'succeeded', output: null })
    expect(lines(await bench.deliver(supply))).toEqual(['note cancel-refused'])
    const row = await bench.row()
    expect(row).toMatchObject({ status: 'calling', wish: null })
    await bench.database.transaction(async (tx) => {
      if (row !== undefined)
        await bench.database.stores.operations.update(tx, [{ ...row, parked: 'IN_DOUBT' }])
    })
    expect(lines(await bench.deliver(supply))).toEqual([`${RUN}#answer succeeded`])
  })
})

describe('deferred', () => {
  it('orchestrated: a run is accepted again; the withdraw rule says withdrawn', async () => {
    const bench = await orchestrated({ form: 'wait', kind: 'pivot' })
    expect(lines(await bench.deliver(bench.run))).toEqual([`${RUN}#accepted accepted`])
    expect(lines(await bench.deliver(bench.run))).toEqual([`${RUN}#accepted accepted`])
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual([`${RUN}#answer withdrawn`])
    expect(await bench.thing()).toEqual({ key: 'x', steps: { s1: 'withdrawn' } })
  })

  it('choreographed: a repeated slip is ignored; the withdraw rule says succeeded and the pivot goes on', async () => {
    const bench = await choreographed({ form: 'wait', kind: 'pivot' })
    expect(lines(await bench.deliver(bench.run))).toEqual([`${RUN}#accepted accepted`])
    expect(lines(await bench.deliver(bench.run))).toEqual([])
    bench.script.steps.set('s1', 'withdrawn late')
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual([
      `${RUN}#answer succeeded -> bench/x/s2/run`,
      'note cancel-refused',
    ])
    expect(await bench.thing()).toEqual({ key: 'x', steps: { s1: 'done' } })
  })

  it('a compensatable whose withdraw rule says succeeded goes back including itself', async () => {
    const bench = await choreographed({ form: 'wait' })
    await bench.deliver(bench.run)
    bench.script.steps.set('s1', 'withdrawn late')
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual([
      `${RUN}#answer succeeded -> bench/x/s1/undo`,
    ])
  })

  it('a supplied success is stored where the rule would withdraw, and goes on', async () => {
    const bench = await choreographed({ form: 'wait' })
    await bench.deliver(bench.run)
    expect(lines(await bench.deliver(bench.withdraw({ status: 'succeeded', output: null })))).toEqual([
      `${RUN}#answer succeeded -> bench/x/s2/run`,
    ])
  })

  it('copies of a withdraw whose rule throws set one retry: they must not multiply', async () => {
    const bench = await orchestrated({ form: 'wait', kind: 'pivot' })
    await bench.deliver(bench.run)
    bench.script.steps.set('s1', 'throw')
    await bench.deliver(bench.withdraw(), bench.withdraw(), bench.withdraw())
    expect(await bench.due(1_000)).toHaveLength(1)
  })

  it('a withdraw whose rule throws is set aside as a message; the row stays', async () => {
    const bench = await orchestrated({ form: 'wait', kind: 'pivot' })
    await bench.deliver(bench.run)
    bench.script.steps.set('s1', 'throw')
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual(['note retrying'])
    expect(await bench.status()).toBe('deferred')
    bench.script.steps.clear()
    expect(lines(await bench.deliver(...(await bench.due(1_000))))).toEqual([`${RUN}#answer withdrawn`])
  })
})

describe('answered', () => {
  const outcomes = ['succeeded', 'rejected', 'withdrawn', 'faulted'] as const
  async function answered(
    pattern: 'orchestration' | 'choreography',
    status: (typeof outcomes)[number],
  ): Promise<Bench> {
    const bench = new Bench({ pattern })
    if (status === 'rejected') bench.script.steps.set('s1', 'reject')
    if (status === 'faulted') bench.script.steps.set('s1', 'throw')
    if (status === 'withdrawn') await bench.deliver(bench.withdraw())
    await bench.deliver(bench.run)
    if (status === 'faulted')
      for (let attempt = 1; attempt < 3; attempt += 1) await bench.deliver(bench.retry(attempt))
    bench.script.steps.clear()
    expect(await bench.status()).toBe(status)
    return bench
  }

  it.each(outcomes)(
    'orchestrated, %s: run and withdraw get the stored answer again, with the same id',
    async (status) => {
      const bench = await answered('orchestration', status)
      const before = await bench.row()
      expect(lines(await bench.deliver(bench.run))).toEqual([`${RUN}#answer ${status}`])
      expect(lines(await bench.deliver(bench.withdraw()))).toEqual([`${RUN}#answer ${status}`])
      expect(lines(await bench.deliver(bench.withdraw({ status: 'succeeded', output: null })))).toEqual([
        `${RUN}#answer ${status}`,
      ])
      expect(await bench.row()).toEqual(before)
    },
  )

  it.each(outcomes)(
    'choreographed, %s: a repeated slip is ignored; marked `again: n` the event is sent again once per n',
    async (status) => {
      const bench = await answered('choreography', status)
      expect(lines(await bench.deliver(bench.run, bench.run))).toEqual([])
      const first = lines(await bench.deliver(bench.again(1), bench.again(1)))
      expect(first).toHaveLength(status === 'succeeded' ? 1 : 2)
      expect(first[0]).toContain(`${RUN}#answer ${status}`)
      expect(first[0]).toContain('again 1')
      expect(lines(await bench.deliver(bench.again(1)))).toEqual([])
      expect(lines(await bench.deliver(bench.again(2)))[0]).toContain('again 2')
    },
  )

  it('choreographed: a cancel is forwarded to the next run', async () => {
    const bench = await answered('choreography', 'succeeded')
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual(['withdraw bench/x/s2/run'])
  })

  it('choreographed: a supplied outcome is not forwarded as a cancel: an answered row wins', async () => {
    const bench = await answered('choreography', 'succeeded')
    expect(lines(await bench.deliver(bench.withdraw({ status: 'succeeded', output: null })))).toEqual([
      'note cancel-refused',
    ])
  })

  it.each(['rejected', 'withdrawn', 'faulted'] as const)(
    'choreographed, %s: a cancel is only noted',
    async (status) => {
      const bench = await answered('choreography', status)
      expect(lines(await bench.deliver(bench.withdraw()))).toEqual(['note cancel-refused'])
    },
  )

  it('choreographed: a cancel is refused once the turn went to a retriable', async () => {
    const bench = await choreographed({ kind: 'pivot' })
    await bench.deliver(bench.run)
    expect(lines(await bench.deliver(bench.withdraw()))).toEqual(['note cancel-refused'])
  })

  it('a check is answered without a row in orchestration, and with one when it carries a slip', async () => {
    const asked = await orchestrated({ kind: 'check' })
    expect(lines(await asked.deliver(asked.run))).toEqual([`${RUN}#answer succeeded`])
    expect(await asked.status()).toBe('none')
    const held = await choreographed({ kind: 'check' })
    await held.deliver(held.run)
    held.script.steps.set('s1', 'reject')
    expect([await held.status(), lines(await held.deliver(held.run))]).toEqual(['succeeded', []])
  })
})

describe('undo', () => {
  it('of what is not there answers succeeded; an undo`s stored answer is sent again', async () => {
    const bench = await orchestrated()
    const line = 'bench/x/s1/undo#answer succeeded'
    expect(lines(await bench.deliver(bench.undo))).toEqual([line])
    expect(
      lines(
        await bench.deliver(
          bench.undo,
          bench.withdraw(null, bench.undo.type === 'command' ? bench.undo.ask : bench.ask),
        ),
      ),
    ).toEqual([line, line])
  })
})
