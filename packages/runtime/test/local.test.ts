// Scenes: a host that starts, orchestrates and takes part hears its own answers and ends in the transaction that says
// them; over the bus they go for others.
import { describe, expect, it } from 'vitest'
import { succeeded, TOPIC, type Message } from '@ensemble/core'
import { memoryEntries, memoryRows } from '@ensemble/memory'
import { aggregate } from '@ensemble/runtime'
import { HeardAtHome } from '../src/local.ts'
import { serviceOf } from '../src/perform/work.ts'
import { marks, RUNS, system } from './own-system.ts'
import { shaped } from './services.ts'
import { PATTERNS_BOTH, T0, wrapped } from './world.ts'

describe('what a host says to its own orchestrator and starter', () => {
  it('is heard in the transaction that says it: orchestration', async () => {
    const { sent, seen, run, done, stop } = await system()
    expect(await run('x', 'orchestration')).toBe('completed')
    expect(await done()).toEqual(RUNS)
    // The first step is done with the start; what is decided on an answer that was given at home goes over the bus.
    expect(sent.map(marks)).toEqual([
      ['command a', 'event a', 'command'],
      ['event a', 'command'],
      ['event a', 'ended a'],
    ])
    expect(seen.map(({ type }) => type).toSorted()).toEqual(['ended', 'event', 'event', 'event'])
    await stop()
  })

  it('is heard in the transaction that says it: choreography', async () => {
    const { sent, run, done, stop } = await system()
    expect(await run('x', 'choreography')).toBe('completed')
    expect(await done()).toEqual(RUNS)
    // One turn that passes to the same service is taken with the one before it.
    expect(sent.map(marks)).toEqual([
      ['start a', 'event a', 'event'],
      ['event', 'ended a'],
    ])
    await stop()
  })

  it.each(PATTERNS_BOTH)('is heard when it is undone, too (%s)', async (pattern) => {
    const { sent, run, done, stop } = await system({ script: { s2: 'reject' } })
    expect(await run('x', pattern)).toBe('compensated')
    expect(await done()).toEqual(['own/x/s1/run', 'own/x/s1/undo'])
    const marked = marks(sent.flat()).filter((mark) => mark.endsWith(' a'))
    expect(marked).toEqual(
      pattern === 'orchestration'
        ? ['command a', 'event a', 'event a', 'event a', 'ended a']
        : ['start a', 'event a', 'ended a'],
    )
    await stop()
  })

  it.each([
    { name: 'once', settings: {}, codes: ['SQL'] },
    { name: 'alone', settings: { batchCountMax: 1 }, codes: ['SQL'] },
    { name: 'for a time', settings: {}, codes: Array.from({ length: 7 }, () => 'TIMEOUT') },
  ])('is heard over the bus where it fails $name with what said it', async ({ settings, codes }) => {
    const left: string[] = []
    const fails = (call: string): void => {
      const code = call === 'sagas.update' ? left.shift() : undefined
      if (code !== undefined) throw Object.assign(new Error('broken'), { code })
    }
    const { database, sent, run, done, stop } = await system({
      settings,
      wrap: (before) => wrapped(before, { onCall: fails }),
    })
    left.push(...codes)
    expect(await run('x', 'orchestration')).toBe('completed')
    expect(left).toEqual([])
    expect(await done()).toEqual(RUNS)
    expect(await database.stores.deadLetters.list(database, 10)).toEqual([])
    // But for what was done with the start.
    expect(sent.flat().filter(({ handledBy }) => handledBy !== undefined)).toHaveLength(2)
    await stop()
  })

  it('lets a step be done whose decision takes too long', async () => {
    let isSlow = false
    const slow = (call: string): void => {
      if (isSlow && call === 'sagas.update') throw Object.assign(new Error('slow'), { code: 'TIMEOUT' })
    }
    const { run, done, stop } = await system({ wrap: (before) => wrapped(before, { onCall: slow }) })
    isSlow = true
    expect(await run('x', 'orchestration')).toBe('running')
    expect(await done()).toEqual(['own/x/s1/run', 'own/x/s2/run'])
    await stop()
  })

  it('is left to the bus where it means something else to the host, too', async () => {
    const notes = memoryRows<{ readonly key: string }>({ name: 'note', key: ({ key }) => key })
    const entries = memoryEntries<{ readonly operation: string }>({ name: 'noted' })
    const note = aggregate<{ readonly key: string }, Record<never, never>, { readonly operation: string }>({
      rows: notes,
      entries,
    })
    const Anything = shaped<unknown>(() => null)
    const follow = note.follow('a.made', Anything, {
      key: () => 'all',
      decide: (_state: unknown, _input: unknown, { operation }: { operation: string }) => ({
        outcome: succeeded(),
        state: { key: 'all' },
        entries: [{ operation }],
      }),
    })
    const { database, sent, run, stop } = await system({ more: { follows: [follow] } })
    expect(await run('x', 'orchestration')).toBe('completed')
    expect(
      (await entries.all(database)).filter(({ operation }) => operation.startsWith('own/x/')).length,
    ).toBe(2)
    const answers = sent.flat().filter(({ type }) => type === 'event')
    expect(marks(answers)).toEqual(['event', 'event', 'event a'])
    await stop()
  })

  it.each([
    { name: 'it observes', observer: { topics: [TOPIC.ended, TOPIC.events('a')] }, follows: [] },
    { name: 'it follows', observer: null, follows: ['own.completed', 'a.made'] },
  ])('is left to the bus where $name it', ({ observer, follows }) => {
    const saga = { plan: 'own', id: 'x', pattern: 'orchestration' } as const
    const end: Message = {
      type: 'ended',
      id: 'own/x#ended',
      topic: TOPIC.ended,
      key: 'x',
      name: 'own.completed',
      saga,
      at: T0,
      end: { status: 'completed', data: null },
    }
    const answer: Message = {
      type: 'event',
      id: 'own/x/s1/run#answer',
      topic: TOPIC.events('a'),
      key: 'x',
      name: 'a.made',
      source: 'a',
      at: T0,
      data: null,
      saga,
      operation: 'own/x/s1/run',
      answer: { status: 'succeeded', output: null },
      slip: null,
      again: 0,
    }
    const hears = (what: ConstructorParameters<typeof HeardAtHome>[0]) => {
      const home = new HeardAtHome(what, () => undefined)
      home.hear([end, answer])
      return [home.ends.length, home.advances.length, marks(home.marked([end, answer]))]
    }
    const service = (names: readonly string[]) => ({
      ...serviceOf('a', null),
      follows: new Map(names.map((name) => [name, []])),
    })
    const listening = { advance: {}, starter: {} }
    expect(hears({ ...listening, service: service([]), observer: null })).toEqual([
      1,
      1,
      ['ended a', 'event a'],
    ])
    expect(hears({ ...listening, service: service(follows), observer })).toEqual([0, 0, ['ended', 'event']])
  })
})
