// Scenes: a host that starts, orchestrates and takes part says much to itself: that is handled in the transaction that
// says it, and goes over the bus for others.
import { describe, expect, it } from 'vitest'
import { TOPIC, type Message, type Pattern } from '@ensemble/core'
import { manualClock, memoryDatabase, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { createHost, type Bus, type Database } from '@ensemble/runtime'
import { implementationOf, ledger, newScript, planOf, type Behaviour, type StepSpec } from './services.ts'
import { PATTERNS_BOTH, T0, wrapped } from './world.ts'

interface Options {
  readonly steps?: readonly StepSpec[]
  readonly script?: Readonly<Record<string, Behaviour>>
  readonly wrap?: (database: Database) => Database
}

/** Keeps what each transaction puts on the bus; the timer that looks after a saga comes whatever becomes of it. */
function counted(bus: Bus, sent: (readonly Message[])[]): Bus {
  const count = (messages: readonly Message[]): readonly Message[] => {
    if (messages.some(({ type }) => type !== 'timer')) sent.push(messages)
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
            count(done.messages)
            return done
          }),
        receive: (countMax, handle) =>
          link.receive(countMax, async (tx, batch) => count(await handle(tx, batch))),
      }
    },
  }
}

const OWN_STEPS: readonly StepSpec[] = [
  { kind: 'compensatable' },
  { kind: 'compensatable' },
  { kind: 'retriable' },
]

async function system({ steps = OWN_STEPS, script = {}, wrap = (database) => database }: Options = {}) {
  const clock = manualClock(T0)
  const sent: (readonly Message[])[] = []
  const plan = planOf('own', steps, { on: 'a' })
  const seen: Message[] = []
  const at = { clock, bus: counted(sharedMemoryBus({ partitions: 2 }), sent), ids: seededIds(1) }
  const database = memoryDatabase({ name: 'a', clock })
  const host = await createHost({
    ...at,
    service: 'a',
    database: wrap(database),
    plans: [plan],
    implementation: implementationOf('a', newScript(script)),
    starts: true,
    orchestrates: true,
  })
  const topics = [TOPIC.events('a'), TOPIC.ended, TOPIC.history]
  const record = async (_: unknown, messages: readonly Message[]): Promise<void> =>
    void seen.push(...messages)
  const witness = await createHost({
    ...at,
    service: 'witness',
    database: memoryDatabase({ name: 'witness', clock }),
    observer: { topics, record },
  })
  const run = async (pattern: Pattern): Promise<string> => {
    const started = host.start(plan, { id: 'x', input: { key: 'x' }, pattern })
    const ended = started.then(() => host.ended({ plan: 'own', id: 'x' }, { within: '1m' }))
    await clock.advance(30_000)
    return (await ended).status
  }
  const done = async (): Promise<readonly string[]> =>
    (await ledger.all(database)).map(({ operation }) => operation)
  const stop = async (): Promise<void> => {
    const stopped = Promise.all([host.stop(), witness.stop()])
    await clock.advance(5_000)
    await stopped
  }
  return { clock, sent, seen, run, done, stop }
}

const RUNS = ['own/x/s1/run', 'own/x/s2/run', 'own/x/s3/run']

describe('a host that says something to itself', () => {
  it.each(PATTERNS_BOTH)('handles it in the transaction that says it (%s)', async (pattern) => {
    const { sent, seen, run, done, stop } = await system()
    expect(await run(pattern)).toBe('completed')
    expect(await done()).toEqual(RUNS)
    // The start's, and one in which all the rest is done.
    expect(sent.length).toBe(2)
    const [, rest = []] = sent
    expect(rest.find(({ type }) => type === 'ended')).toMatchObject({ handledBy: 'a' })
    const unmarked = rest.filter(({ type, handledBy }) => type !== 'history' && handledBy === undefined)
    // The last answer of a choreographed saga means nothing to whoever gave it.
    expect(unmarked.map(({ type }) => type)).toEqual(pattern === 'choreography' ? ['event'] : [])
    expect(seen.filter(({ type }) => type === 'event').length).toBe(3)
    expect(seen.filter(({ type }) => type === 'ended').length).toBe(1)
    await stop()
  })

  it.each(PATTERNS_BOTH)('undoes in it as well (%s)', async (pattern) => {
    const { sent, run, done, stop } = await system({ script: { s2: 'reject' } })
    expect(await run(pattern)).toBe('compensated')
    expect(await done()).toEqual(['own/x/s1/run', 'own/x/s1/undo'])
    expect(sent.length).toBe(2)
    await stop()
  })

  it.each(PATTERNS_BOTH)('hears it over the bus where it fails with what said it (%s)', async (pattern) => {
    let breaks = true
    // The second step's row, in the transaction of the first one.
    const once = (call: string, args: readonly unknown[]): void => {
      if (!breaks || call !== 'operations.load' || !JSON.stringify(args).includes('s2/run')) return
      breaks = false
      throw Object.assign(new Error('broken'), { code: 'SQL' })
    }
    const { sent, run, done, stop } = await system({
      wrap: (database) => wrapped(database, { onCall: once }),
    })
    expect(await run(pattern)).toBe('completed')
    expect(breaks).toBe(false)
    expect(await done()).toEqual(RUNS)
    expect(sent.flat().filter(({ type }) => type === 'note')).toEqual([])
    expect(sent.length).toBeGreaterThan(2)
    await stop()
  })

  it.each(PATTERNS_BOTH)('leaves handlers with statements of their own to the bus (%s)', async (pattern) => {
    const steps: readonly StepSpec[] = [
      { kind: 'compensatable', form: 'write' },
      { kind: 'compensatable', form: 'write' },
      { kind: 'retriable' },
    ]
    const { sent, run, done, stop } = await system({ steps })
    expect(await run(pattern)).toBe('completed')
    expect(await done()).toEqual(RUNS)
    const asked = sent
      .flat()
      .filter((message) => message.type === 'command' || (message.type === 'event' && message.slip !== null))
    const left = asked.filter(({ handledBy }) => handledBy === undefined)
    expect(left.length).toBeGreaterThan(0)
    await stop()
  })

  it('goes on in another transaction where a saga is long', async () => {
    const steps = Array.from({ length: 12 }, (): StepSpec => ({ kind: 'retriable' }))
    const { sent, run, done, stop } = await system({ steps })
    expect(await run('orchestration')).toBe('completed')
    expect((await done()).length).toBe(12)
    expect(sent.length).toBe(4)
    await stop()
  })
})
