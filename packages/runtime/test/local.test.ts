// Scenes: a host that starts, orchestrates and takes part hears its own answers and ends in the transaction that says
// them; over the bus they go for others.
import { describe, expect, it } from 'vitest'
import { succeeded, TOPIC, type Message, type Pattern } from '@ensemble/core'
import {
  manualClock,
  memoryDatabase,
  memoryEntries,
  memoryRows,
  seededIds,
  sharedMemoryBus,
} from '@ensemble/memory'
import {
  aggregate,
  createHost,
  type Bus,
  type Database,
  type Implementation,
  type Transaction,
} from '@ensemble/runtime'
import { implementationOf, ledger, newScript, planOf, shaped, type Behaviour } from './services.ts'
import { PATTERNS_BOTH, T0, wrapped } from './world.ts'

interface Options {
  readonly script?: Readonly<Record<string, Behaviour>>
  readonly wrap?: (database: Database) => Database
  readonly more?: Partial<Implementation>
}

/** Keeps what each transaction puts on the bus; the timer that looks after a saga comes whatever becomes of it. */
function kept(bus: Bus, sent: (readonly Message[])[]): Bus {
  const keep = (tx: Transaction, messages: readonly Message[]): readonly Message[] => {
    if (messages.some(({ type }) => type !== 'timer')) tx.onCommit(() => void sent.push(messages))
    return messages
  }
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      return {
        ...link,
        transaction: (work) =>
          link.transaction(async (tx) => {
            const done = await work(tx)
            keep(tx, done.messages)
            return done
          }),
        receive: (countMax, handle) =>
          link.receive(countMax, async (tx, batch) => keep(tx, await handle(tx, batch))),
      }
    },
  }
}

const plan = planOf('own', [{ kind: 'compensatable' }, { kind: 'compensatable' }, { kind: 'retriable' }], {
  on: 'a',
})

async function system({ script = {}, wrap = (database) => database, more = {} }: Options = {}) {
  const clock = manualClock(T0)
  const sent: (readonly Message[])[] = []
  const seen: Message[] = []
  const at = { clock, bus: kept(sharedMemoryBus({ partitions: 1 }), sent), ids: seededIds(1) }
  const database = memoryDatabase({ name: 'a', clock })
  const behaviour = newScript()
  const host = await createHost({
    ...at,
    service: 'a',
    database: wrap(database),
    plans: [plan],
    implementation: { ...implementationOf('a', behaviour), ...more },
    starts: true,
    orchestrates: true,
  })
  const topics = [TOPIC.events('a'), TOPIC.ended]
  const record = async (_: unknown, messages: readonly Message[]): Promise<void> =>
    void seen.push(...messages)
  const observed = memoryDatabase({ name: 'witness', clock })
  const witness = await createHost({
    ...at,
    service: 'witness',
    database: observed,
    observer: { topics, record },
  })
  const run = async (id: string, pattern: Pattern): Promise<string> => {
    const started = host.start(plan, { id, input: { key: id }, pattern })
    const ended = started.then(() => host.ended({ plan: 'own', id }, { within: '1m' }))
    await clock.advance(30_000)
    return (await ended).status
  }
  // The first batches after a start are handled alone.
  await run('first', 'orchestration')
  sent.length = 0
  seen.length = 0
  for (const [step, how] of Object.entries(script)) behaviour.steps.set(step, how)
  const done = async (): Promise<readonly string[]> =>
    (await ledger.all(database)).map(({ operation }) => operation).filter((id) => id.startsWith('own/x/'))
  const stop = async (): Promise<void> => {
    const stopped = Promise.all([host.stop(), witness.stop()])
    await clock.advance(5_000)
    await stopped
  }
  return { database, sent, seen, run, done, stop }
}

const RUNS = ['own/x/s1/run', 'own/x/s2/run', 'own/x/s3/run']

/** Types of messages in their order, with who has handled them. */
function marks(messages: readonly Message[]): readonly string[] {
  return messages.flatMap(({ type, handledBy }) =>
    type === 'history' ? [] : [handledBy === undefined ? type : `${type} ${handledBy}`],
  )
}

describe('what a host says to its own orchestrator and starter', () => {
  it('is heard in the transaction that says it: orchestration', async () => {
    const { sent, seen, run, done, stop } = await system()
    expect(await run('x', 'orchestration')).toBe('completed')
    expect(await done()).toEqual(RUNS)
    expect(sent.map(marks)).toEqual([
      ['command'],
      ['event a', 'command'],
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
    expect(sent.map(marks)).toEqual([['start'], ['event'], ['event'], ['event', 'ended a']])
    await stop()
  })

  it.each(PATTERNS_BOTH)('is heard when it is undone, too (%s)', async (pattern) => {
    const { run, done, stop } = await system({ script: { s2: 'reject' } })
    expect(await run('x', pattern)).toBe('compensated')
    expect(await done()).toEqual(['own/x/s1/run', 'own/x/s1/undo'])
    await stop()
  })

  it('is heard over the bus where it fails with what said it', async () => {
    let breaks = false
    const once = (call: string): void => {
      if (!breaks || call !== 'sagas.update') return
      breaks = false
      throw Object.assign(new Error('broken'), { code: 'SQL' })
    }
    const { database, sent, run, done, stop } = await system({
      wrap: (wrappedBefore) => wrapped(wrappedBefore, { onCall: once }),
    })
    breaks = true
    expect(await run('x', 'orchestration')).toBe('completed')
    expect(breaks).toBe(false)
    expect(await done()).toEqual(RUNS)
    expect(await database.stores.deadLetters.list(database, 10)).toEqual([])
    expect(sent.flat().filter(({ handledBy }) => handledBy !== undefined)).toEqual([])
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
})
