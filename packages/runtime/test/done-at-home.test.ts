// Scenes: what a host that starts, orchestrates and takes part asks of itself, or of those at home with it, is done in
// the transaction that asks for it; when it is left to the bus.
import { expect, describe, it } from 'vitest'
import { rejected, succeeded } from '@ensemble/core'
import { aggregate, type Database } from '@ensemble/runtime'
import { marks, RUNS, system } from './own-system.ts'
import { contracts, implementationOf, ledger, newScript, things } from './services.ts'
import { PATTERNS_BOTH, wrapped } from './world.ts'

/** Throws this once, when the first step of `own/x` is stored. */
function breaking(code: string): (database: Database) => Database {
  let isBroken = true
  return (before) =>
    wrapped(before, {
      onCall: (call, [rows]) => {
        if (!isBroken || call !== 'operations.insert' || !JSON.stringify(rows).includes('own/x/s1/run'))
          return
        isBroken = false
        throw Object.assign(new Error('broken'), { code })
      },
    })
}

/** A saga of three steps in one transaction: its last answer passes the turn to nobody. */
const WHOLE = {
  orchestration: ['command a', 'event a', 'command a', 'event a', 'command a', 'event a', 'ended a'],
  choreography: ['start a', 'event a', 'event a', 'event', 'ended a'],
} as const

const LIVES = { topic: '!lives', partition: 0, position: '' }
const live = (database: Database): Promise<number> =>
  database.transaction((tx) => database.stores.progress.count(tx, LIVES))

describe('what a host asks of itself', () => {
  it('is nothing where the step would fail with the start: that is told to nobody who starts', async () => {
    const { sent, run, done, stop } = await system({ wrap: breaking('SQL') })
    expect(await run('x', 'orchestration')).toBe('completed')
    expect(await done()).toEqual(RUNS)
    expect(sent.map(marks)[0]).toEqual(['command'])
    await run('y', 'orchestration')
    expect(sent.map(marks).filter(([first]) => first?.startsWith('command'))).toEqual([
      ['command'],
      ['command'],
    ])
    await stop()
  })

  it.each(PATTERNS_BOTH)('is left to the bus where SQL does it (%s)', async (pattern) => {
    const { sent, run, stop } = await system({ steps: [{ kind: 'compensatable', form: 'write' }] })
    expect(await run('x', pattern)).toBe('completed')
    expect(marks(sent[0] ?? [])).toEqual([pattern === 'orchestration' ? 'command' : 'start'])
    await stop()
  })

  it('may be about another row than what asks for it', async () => {
    const { sent, run, done, stop } = await system({ keyOf: (step) => (step === 's2' ? 'other' : 'x') })
    expect(await run('x', 'choreography')).toBe('completed')
    expect(await done()).toEqual(RUNS)
    expect(sent.map(marks)).toEqual([WHOLE.choreography])
    await stop()
  })

  it('is set aside where it throws, as if the bus had brought it', async () => {
    const { sent, run, done, stop } = await system({
      script: { s2: 'throw' },
      settings: { retry: { delayMsMin: 100, delayMsMax: 1_000, attemptsMax: 2 } },
    })
    expect(await run('x', 'choreography')).toBe('compensated')
    expect(await done()).toEqual(['own/x/s1/run', 'own/x/s1/undo'])
    // The retry has come over the bus; what is decided then is done at home.
    expect(sent.map(marks).filter((batch) => batch.join() !== 'retry')).toEqual([
      ['start a', 'event a', 'note'],
      ['event a', 'event', 'ended a'],
    ])
    await stop()
  })

  it.each(['CONNECTION', 'COMMIT_UNKNOWN'])('is not tried with a start twice: %s', async (code) => {
    const { host, plan, sent, run, done, stop } = await system({ wrap: breaking(code) })
    await expect(host.start(plan, { id: 'x', input: { key: 'x' } })).rejects.toMatchObject({ code })
    expect(await run('x', 'orchestration')).toBe('completed')
    expect(await done()).toEqual(RUNS)
    expect(marks(sent[0] ?? [])).toEqual(['command'])
    await stop()
  })

  it.each(['UNIQUE', 'TIMEOUT'])('is left to the bus for two starts after one with %s', async (code) => {
    const { sent, run, stop } = await system({ wrap: breaking(code) })
    for (const id of ['x', 'y', 'z', 'last']) expect(await run(id, 'choreography')).toBe('completed')
    const starts = sent.map(marks).filter(([first]) => first?.startsWith('start'))
    expect(starts).toEqual([['start'], ['start'], ['start'], WHOLE.choreography])
    await stop()
  })

  it.each(PATTERNS_BOTH)(
    'has the time that it is by then, whatever it was at BEGIN (%s)',
    async (pattern) => {
      let elapsed = 0
      const { sent, run, stop } = await system({ elapsed: () => (elapsed += 50) })
      expect(await run('x', pattern)).toBe('completed')
      const times = (sent[0] ?? []).flatMap((message) => (message.type === 'event' ? [message.at] : []))
      expect(times).toHaveLength(3)
      expect(times).toEqual([...new Set(times)].toSorted((left, right) => left - right))
      await stop()
    },
  )

  it.each(PATTERNS_BOTH)('may end its saga within the start (%s)', async (pattern) => {
    const { host, plan, stop } = await system({ steps: [{ kind: 'retriable' }] })
    await host.start(plan, { id: 'x', input: { key: 'x' }, pattern })
    // The clock stands still: nobody has to look.
    expect(await host.ended({ plan: 'own', id: 'x' }, { within: '1m' })).toMatchObject({
      status: 'completed',
    })
    await stop()
  })

  it('is left to the bus for ten minutes where the process before was killed', async () => {
    const { clock, database, sent, run, stop } = await system({ before: live })
    await run('x', 'orchestration')
    await run('y', 'choreography')
    const first = (id: string) => sent.map(marks).find((_, index) => sent[index]?.[0]?.key === id)
    expect([first('x'), first('y')]).toEqual([['command'], ['start']])
    await clock.advance(600_000)
    await run('z', 'orchestration')
    expect(first('z')).toEqual(WHOLE.orchestration)
    await stop()
    expect(await live(database)).toBe(1)
  })

  it('is a turn to an effect, too', async () => {
    const { sent, run, stop } = await system({
      steps: [{ kind: 'compensatable' }, { kind: 'retriable', form: 'call' }],
    })
    expect(await run('x', 'choreography')).toBe('completed')
    expect(marks(sent[0] ?? [])).toEqual(['start a', 'event a'])
    await stop()
  })

  it('sees what was done before it in the same transaction', async () => {
    const base = implementationOf('a', newScript())
    const thing = aggregate<{ readonly key: string }, Record<never, never>, { readonly operation: string }>({
      rows: things,
      entries: ledger,
    })
    const make = thing.on(contracts.a.make, {
      key: ({ key }) => key,
      needs: ({ key }) => ({ claims: [`scarce ${key}`] }),
      decide: (state, { key, step }, { operation, holder }) => {
        const isThere = state !== undefined && holder(`scarce ${key}`) !== null
        if (isThere !== (step === 's2')) return { outcome: rejected('no', { isThere }) }
        const claim = isThere ? [] : [`scarce ${key}`]
        return { outcome: succeeded({}), state: { key }, entries: [{ operation }], claim }
      },
    })
    const { sent, run, done, stop } = await system({
      more: { handlers: new Map([...base.handlers, ['make', make]]) },
    })
    expect(await run('x', 'choreography')).toBe('completed')
    expect(await done()).toEqual(RUNS)
    expect(sent.map(marks)).toEqual([WHOLE.choreography])
    await stop()
  })
})

describe('what hosts of one database ask of each other', () => {
  const two = { on: ['a', 'b'], keyOf: (step: string) => (step === 's2' ? 'of b' : 'of a') } as const
  const stepsOf = async (database: Database, key: string) => (await things.all(database)).get(key)?.steps

  it.each([
    [
      'orchestration' as const,
      ['command a', 'event a', 'command b', 'event a', 'command a', 'event a', 'ended a'],
    ],
    ['choreography' as const, ['start a', 'event b', 'event a', 'event', 'ended a']],
  ])('is done with the start, the whole saga (%s)', async (pattern, whole) => {
    const { clock, host, plan, database, sent, done, stop } = await system(two)
    await host.start(plan, { id: 'x', input: { key: 'x' }, pattern })
    expect(sent.map(marks)).toEqual([whole])
    expect(await done()).toEqual(RUNS)
    const states = [await stepsOf(database, 'of a'), await stepsOf(database, 'of b')]
    expect(states).toEqual([{ s1: 'done', s3: 'done' }, { s2: 'done' }])
    expect(await host.status({ plan: 'own', id: 'x' })).toMatchObject({ status: 'completed' })
    await clock.advance(70_000)
    // Nothing comes of the copies on the bus.
    expect(sent.map(marks)).toEqual([whole])
    expect(await done()).toEqual(RUNS)
    await stop()
  })

  it('is orchestrated at once by another one than who starts', async () => {
    const { sent, run, done, stop } = await system({ ...two, office: 'b' })
    expect(await run('x', 'orchestration')).toBe('completed')
    expect(await done()).toEqual(RUNS)
    expect(sent.map(marks)).toEqual([
      ['start b', 'command a', 'event b', 'command b', 'event b', 'command a', 'event b', 'ended a'],
    ])
    await stop()
  })

  it.each([
    [
      'orchestration' as const,
      ['command a', 'event a', 'command'],
      ['event a', 'command a', 'event a', 'ended a'],
    ],
    ['choreography' as const, ['start a', 'event'], ['event a', 'event', 'ended a']],
  ])('is done with the batch of one that only takes part (%s)', async (pattern, ...batches) => {
    const { sent, run, done, stop } = await system({
      ...two,
      isBeside: true,
      steps: [{ kind: 'compensatable' }, { kind: 'compensatable', form: 'write' }, { kind: 'retriable' }],
    })
    expect(await run('x', pattern)).toBe('completed')
    expect(await done()).toEqual(RUNS)
    expect(sent.map(marks)).toEqual(batches)
    await stop()
  })
})
