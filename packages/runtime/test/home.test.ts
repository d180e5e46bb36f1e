// Scenes: what a host that starts, orchestrates and takes part says to itself is heard in the transaction that says it;
// over the bus it goes for others. What is left to the bus, by whom.
import { describe, expect, it } from 'vitest'
import { succeeded, TOPIC, type Ask, type Message } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryEntries, memoryRows } from '@ensemble/memory'
import { aggregate } from '@ensemble/runtime'
import { heardIn } from '../src/advance/signals.ts'
import { Home, Runner, type Member } from '../src/home.ts'
import { serviceOf, worksOf } from '../src/perform/work.ts'
import { marks, RUNS, system } from './own-system.ts'
import { implementationOf, newScript, shaped } from './services.ts'
import { PATTERNS_BOTH, T0, wrapped } from './world.ts'

/** Its first step is left to the bus: what the others are is decided in the transaction of a batch. */
const BY_SQL_FIRST = [
  { kind: 'compensatable', form: 'write' },
  { kind: 'compensatable' },
  { kind: 'retriable' },
] as const

describe('what a host says to its own orchestrator and starter', () => {
  it('is heard in the transaction that says it: orchestration', async () => {
    const { sent, seen, run, done, stop } = await system()
    expect(await run('x', 'orchestration')).toBe('completed')
    expect(await done()).toEqual(RUNS)
    expect(sent.map(marks)).toEqual([
      ['command a', 'event a', 'command a', 'event a', 'command a', 'event a', 'ended a'],
    ])
    expect(seen.map(({ type }) => type).toSorted()).toEqual(['ended', 'event', 'event', 'event'])
    await stop()
  })

  it('is heard in the transaction that says it: choreography', async () => {
    const { sent, run, done, stop } = await system()
    expect(await run('x', 'choreography')).toBe('completed')
    expect(await done()).toEqual(RUNS)
    // The last answer passes the turn to nobody.
    expect(sent.map(marks)).toEqual([['start a', 'event a', 'event a', 'event', 'ended a']])
    await stop()
  })

  it('carries no slip that was taken; sent again it does', async () => {
    const { clock, host, sent, run, done, stop } = await system()
    await run('x', 'choreography')
    const slips = (): readonly unknown[] =>
      sent.flat().flatMap((message) => ('slip' in message ? [message.slip?.ask.step ?? null] : []))
    expect(slips()).toEqual([null, null, null, null])
    sent.length = 0
    await host.repair({ plan: 'own', id: 'x' }, 1)
    await clock.advance(5_000)
    expect(slips()).toEqual(['s1', 's2', 's3', null])
    expect(sent.flat().map(({ type }) => type)).toEqual(['start', 'event', 'event', 'event', 'ended'])
    expect(await done()).toEqual(RUNS)
    await stop()
  })

  it.each(PATTERNS_BOTH)('is heard when it is undone, too (%s)', async (pattern) => {
    const { sent, run, done, stop } = await system({ script: { s2: 'reject' } })
    expect(await run('x', pattern)).toBe('compensated')
    expect(await done()).toEqual(['own/x/s1/run', 'own/x/s1/undo'])
    expect(sent.map(marks)).toEqual([
      pattern === 'orchestration'
        ? ['command a', 'event a', 'command a', 'event a', 'command a', 'event a', 'ended a']
        : ['start a', 'event a', 'event a', 'event', 'ended a'],
    ])
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
      steps: BY_SQL_FIRST,
      settings,
      wrap: (before) => wrapped(before, { onCall: fails }),
    })
    left.push(...codes)
    expect(await run('x', 'orchestration')).toBe('completed')
    expect(left).toEqual([])
    expect(await done()).toEqual(RUNS)
    expect(await database.stores.deadLetters.list(database, 10)).toEqual([])
    expect(sent.flat().filter(({ handledBy }) => handledBy !== undefined)).toEqual([])
    await stop()
  })

  it.each(PATTERNS_BOTH)('is not older than what it has waited for (%s)', async (pattern) => {
    let elapsed = 0
    const waits = (call: string): void => void (elapsed += call === 'operations.load' ? 1_000 : 0)
    const { sent, run, stop } = await system({
      elapsed: () => elapsed,
      wrap: (before) => wrapped(before, { onCall: waits }),
    })
    expect(await run('x', pattern)).toBe('completed')
    const times = (sent[0] ?? []).flatMap((message) => (message.type === 'event' ? [message.at] : []))
    expect(times.map((at) => at - (times[0] ?? 0))).toEqual([0, 1_000, 2_000])
    await stop()
  })

  it('lets a step be done whose decision takes too long', async () => {
    let isSlow = false
    const slow = (call: string): void => {
      if (isSlow && call === 'sagas.update') throw Object.assign(new Error('slow'), { code: 'TIMEOUT' })
    }
    const { run, done, stop } = await system({
      steps: BY_SQL_FIRST,
      wrap: (before) => wrapped(before, { onCall: slow }),
    })
    isSlow = true
    expect(await run('x', 'orchestration')).toBe('running')
    expect(await done()).toEqual(['own/x/s1/run'])
    await stop()
  })

  it('is done where it means something else to the host, too', async () => {
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
    expect(sent.map(marks)).toEqual([
      ['command a', 'event a', 'command a', 'event a', 'command a', 'event a', 'ended a'],
    ])
    await stop()
  })
})

const end: Message = {
  type: 'ended',
  id: 'own/x#ended',
  topic: TOPIC.ended,
  key: 'x',
  name: 'own.completed',
  saga: { plan: 'own', id: 'x', pattern: 'orchestration' },
  at: T0,
  end: { status: 'completed', data: null },
}

function answerOf(id: string, again = 0): Message {
  const operation = `own/${id}/s1/run`
  return {
    type: 'event',
    id: `${operation}#answer`,
    topic: TOPIC.events('a'),
    key: id,
    name: 'a.made',
    source: 'a',
    at: T0,
    data: null,
    saga: { plan: 'own', id, pattern: 'orchestration' },
    operation,
    answer: { status: 'succeeded', output: null },
    slip: null,
    again,
  }
}

function commandOf(key: string, more: Partial<Ask> = {}): Message {
  const participant = more.participant ?? 'a'
  return {
    type: 'command',
    id: `own/${key}/s1/run`,
    topic: TOPIC.commands(participant),
    key,
    saga: { plan: 'own', id: key, pattern: 'orchestration' },
    plan: { version: 1, fingerprint: '' },
    ask: {
      operation: `own/${key}/s1/run`,
      step: 's1',
      kind: 'compensatable',
      direction: 'run',
      participant,
      request: 'make',
      contract: 1,
      input: { key, step: 's1' },
      deadline: null,
      issuedAt: T0,
      ...more,
    },
  }
}

function memberOf(name: 'a' | 'b', more: Partial<Member> = {}): Member {
  return {
    service: serviceOf(name, implementationOf(name, newScript())),
    database: memoryDatabase({ name, clock: manualClock(T0) }),
    perform: knowing(true),
    office: null,
    observer: null,
    starter: null,
    ...more,
  }
}

/** Starts everything, and orchestrates it. */
/** A clock that nobody asks. */
const STANDS = { elapsed: () => 0 }

/** All that is asked of it here is whether it knows the plan. */
function knowing(isKnown: boolean): Member['perform'] {
  return { shop: { plans: { has: () => isKnown } } } as unknown as Member['perform']
}

const WHOLE = { office: () => ({}) as never, starter: { tellEnds: () => undefined, hasStarted: () => true } }

/** Of `a` unless named. */
function service(follows: readonly string[], name: 'a' | 'b' = 'a'): Member['service'] {
  const rule = { key: () => 'k', decide: () => ({ outcome: succeeded() }) }
  const group = { name: 'note', related: {} }
  const handlers = follows.map((event) => [
    event,
    [{ name: event, group, rule, schema: shaped<unknown>(() => null) }],
  ])
  return { ...memberOf(name).service, follows: new Map(handlers as never) }
}

/** Of a member, or of two runners of one. */
function homeOf(member: Member) {
  const home = new Home()
  const leave = home.join(member)
  const taken = (runner: Runner, said: readonly Message[]): readonly string[] => {
    const marked: string[] = []
    const mark = ({ type, key }: Message, { service }: Member): void =>
      void marked.push(`${type} ${key} ${service.name}`)
    home.turns(said, { runner, mark })
    return marked
  }
  const began = (runner: Runner, ...messages: readonly Message[]): void => {
    const works = messages.flatMap((message) => worksOf(member.service, message))
    home.begin(
      runner,
      works,
      messages.flatMap((message) => heardIn(message)),
    )
  }
  return {
    home,
    leave,
    taken,
    began,
    one: new Runner(home, member, STANDS),
    other: new Runner(home, member, STANDS),
  }
}

describe('what is said at home', () => {
  it('is done by whom it is for, as it would have come over the bus', () => {
    const [a, b] = [memberOf('a', WHOLE), memberOf('b')]
    const { home, one } = homeOf(a)
    home.join(b)
    const marked: string[] = []
    const turns = home.turns([commandOf('x'), commandOf('y', { participant: 'b' }), answerOf('z'), end], {
      runner: one,
      mark: ({ type }, { service }) => void marked.push(`${type} ${service.name}`),
    })
    expect(marked).toEqual(['command a', 'command b', 'event a', 'ended a'])
    expect(turns.get(a)).toMatchObject({
      works: [{ do: 'run', ask: { participant: 'a' } }],
      begins: [],
      advances: [{ saga: { id: 'z' } }],
      ends: [{ saga: { id: 'x' }, status: 'completed' }],
    })
    expect(turns.get(b)).toMatchObject({ works: [{ do: 'run', ask: { participant: 'b' } }], advances: [] })
  })

  const said = [commandOf('x'), answerOf('y'), end]
  const record = async (): Promise<void> => undefined
  it.each<{ name: string; member?: Partial<Member>; left: readonly string[]; said?: readonly Message[] }>([
    { name: 'nothing is against it', left: [] },
    {
      name: 'it is observed',
      member: { observer: { topics: [TOPIC.ended, TOPIC.events('a')], record } },
      left: ['event', 'ended'],
    },
    { name: 'it is followed, too', member: { service: service(['own.completed', 'a.made']) }, left: [] },
    { name: 'nobody here orchestrates', member: { office: null }, left: ['event'] },
    {
      name: 'who orchestrates here does not know the plan',
      member: { perform: knowing(false) },
      left: ['event'],
    },
    { name: 'nobody here starts', member: { starter: null }, left: ['ended'] },
    {
      name: 'it was started elsewhere',
      member: { starter: { ...WHOLE.starter, hasStarted: () => false } },
      left: ['ended'],
    },
    { name: 'its handler is SQL', said: [commandOf('x', { request: 'write' })], left: ['command'] },
    { name: 'nobody knows the request', said: [commandOf('x', { request: 'dance' })], left: ['command'] },
    { name: 'it is for somebody else', said: [commandOf('x', { participant: 'b' })], left: ['command'] },
    { name: 'it is said again', said: [answerOf('y', 1)], left: ['event'] },
  ])('is left to the bus where $name: $left', ({ member, left, said: own = said }) => {
    const { taken, one } = homeOf(memberOf('a', { ...WHOLE, ...member }))
    const done = taken(one, own)
    expect(own.map(({ type }) => type).filter((type) => !done.some((mark) => mark.startsWith(type)))).toEqual(
      left,
    )
  })

  it('is followed by one instance of each service, whoever it is for', () => {
    const { home, one } = homeOf(memberOf('a', WHOLE))
    const follower = { ...memberOf('b'), service: service(['a.made'], 'b') }
    home.join(follower)
    home.join({ ...follower })
    const marked: string[] = []
    const turns = home.turns([answerOf('y')], {
      runner: one,
      mark: ({ type }, member, isHandling) =>
        void marked.push(`${type} ${member.service.name} ${isHandling ? 'handles' : 'follows'}`),
    })
    expect(marked).toEqual(['event a handles', 'event b follows'])
    expect(turns.get(follower)).toMatchObject({ works: [{ do: 'follow' }], advances: [], ends: [] })
  })

  it('is left to the bus where somebody else here observes commands', () => {
    const { home, taken, one } = homeOf(memberOf('a', WHOLE))
    home.join(memberOf('b', { observer: { topics: [TOPIC.commands('a')], record } }))
    expect(taken(one, said)).toEqual(['event y a', 'ended x a'])
  })

  it('is left to the bus, a start too, where somebody else here observes starts', () => {
    const observes = { observer: { topics: [TOPIC.started], record } }
    const about = { topic: TOPIC.started, input: { key: 'z' }, issuedAt: T0, slip: null, again: 0 }
    const start = { ...commandOf('z'), ...about, type: 'start' } as Message
    const { home, taken, one } = homeOf(memberOf('a', WHOLE))
    expect(taken(one, [start])).toEqual(['start z a'])
    home.join(memberOf('b', observes))
    expect(taken(one, [start])).toEqual([])
  })

  it('is left to the bus once its host has left', () => {
    const { leave, taken, one } = homeOf(memberOf('a', WHOLE))
    leave()
    expect(taken(one, [commandOf('x'), answerOf('y'), end])).toEqual([])
  })
})

describe('a row or saga of one transaction', () => {
  const at = () => homeOf(memberOf('a', WHOLE))

  it('that began with it is left alone by others until that has ended', () => {
    const { home, taken, began, one, other } = at()
    began(one, commandOf('x'), answerOf('y'))
    expect(taken(other, [commandOf('x'), answerOf('y'), commandOf('z')])).toEqual(['command z a'])
    expect(taken(one, [commandOf('x'), answerOf('y')])).toEqual(['command x a', 'event y a'])
    home.letGo(one)
    expect(taken(other, [commandOf('x'), answerOf('y')])).toEqual(['command x a', 'event y a'])
  })

  it('that came upon it is left alone, too, until that begins anew', () => {
    const { taken, began, one, other } = at()
    began(one)
    expect(taken(one, [commandOf('x'), answerOf('y')])).toEqual(['command x a', 'event y a'])
    expect(taken(other, [commandOf('x'), answerOf('y')])).toEqual([])
    began(one)
    expect(taken(other, [commandOf('x'), answerOf('y')])).toEqual(['command x a', 'event y a'])
  })

  it('that two began with is left to the bus by both: one waits for the other', () => {
    const { taken, began, one, other } = at()
    for (const runner of [one, other]) began(runner, commandOf('x'))
    expect([taken(one, [commandOf('x')]), taken(other, [commandOf('x')])]).toEqual([[], []])
  })

  it('is free when the work of its transaction has failed', async () => {
    const { taken, began, one, other } = at()
    const failed = one.run(async () => {
      began(one, commandOf('x'))
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(taken(other, [commandOf('x')])).toEqual(['command x a'])
  })
})
