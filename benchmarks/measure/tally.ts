// Owns: what one process tells about its own part of the work: how many messages each verb took at a time, what was
// sent, its memory, its processor time, and with which acks it wrote to Kafka.
// I1: everything counts from the start of the process; two tallies make a difference.
import { subscribe } from 'node:diagnostics_channel'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import type { Message } from '@ensemble/core'
import type { Bus, Link } from '@ensemble/runtime'

const VERBS = ['start', 'receive', 'perform', 'advance'] as const
type Verb = (typeof VERBS)[number]

interface Batches {
  readonly batches: number
  readonly items: number
}

export interface Tally {
  readonly verbs: Readonly<Record<Verb, Batches>>
  readonly messages: number
  /** What the engine reported as going wrong; it tries again by itself. */
  readonly errors: number
  readonly cpuMs: number
  readonly rssBytes: number
  /** After the last full collection; what is used now until there was one. */
  readonly heapBytes: number
  /** Of producers of Kafka: -1 is all. */
  readonly acks: readonly number[]
}

export interface Teller {
  tally(): Tally
  /** The same bus, whose messages are counted. */
  counted(bus: Bus): Bus
}

const NOTHING: Batches = { batches: 0, items: 0 }
/** The client's own channel; what it publishes is not ours. */
const KAFKA_SENDS = 'tracing:plt:kafka:producer:sends:start'

/** One for each process: it listens from now on. */
export function startTelling(): Teller {
  const verbs: Record<Verb, Batches> = {
    start: NOTHING,
    receive: NOTHING,
    perform: NOTHING,
    advance: NOTHING,
  }
  const acks = new Set<number>()
  let messages = 0
  let errors = 0
  for (const verb of VERBS) {
    subscribe(`ensemble:${verb}`, (told) => {
      const { batches, items } = verbs[verb]
      verbs[verb] = { batches: batches + 1, items: items + numberIn(told, 'count') }
    })
  }
  subscribe('ensemble:error', () => {
    errors += 1
  })
  subscribe(KAFKA_SENDS, (told) => {
    acks.add(numberIn(fieldOf(told, 'options'), 'acks'))
  })
  const count = (sent: readonly Message[]): void => {
    messages += sent.length
  }
  const keptBytes = heapWatched()
  return {
    tally: () => {
      const { user, system } = process.cpuUsage()
      const { rss, heapUsed } = process.memoryUsage()
      return {
        verbs: { ...verbs },
        messages,
        errors,
        cpuMs: (user + system) / 1_000,
        rssBytes: rss,
        heapBytes: keptBytes() ?? heapUsed,
        acks: [...acks],
      }
    },
    counted: (bus) => ({ connect: async (what) => counting(await bus.connect(what), count) }),
  }
}

/** What a full collection leaves: between two of them the heap says little. */
function heapWatched(): () => number | undefined {
  let keptBytes: number | undefined
  const observer = new PerformanceObserver((list) => {
    const kinds = list.getEntries().map((entry) => numberIn(fieldOf(entry, 'detail'), 'kind'))
    const isFull = kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)
    if (isFull) keptBytes = process.memoryUsage().heapUsed
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => keptBytes
}

/** What a link can do beside these stays as it is. */
function counting(link: Link, count: (sent: readonly Message[]) => void): Link {
  const counted: Pick<Link, 'transaction' | 'receive' | 'put'> = {
    transaction: (work) =>
      link.transaction(async (tx) => {
        const done = await work(tx)
        count(done.messages)
        return done
      }),
    receive: (countMax, handle) =>
      link.receive(countMax, async (tx, batch) => {
        const sent = await handle(tx, batch)
        count(sent)
        return sent
      }),
    put: async (tx, sent) => {
      count(sent)
      await link.put(tx, sent)
    },
  }
  const calls = new Map<string | symbol, unknown>(Object.entries(counted))
  return new Proxy(link, {
    get: (target, name) => {
      const found: unknown = calls.get(name) ?? Reflect.get(target, name)
      return typeof found === 'function' ? (found.bind(target) as unknown) : found
    },
  })
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function numberIn(value: unknown, name: string): number {
  return Number(fieldOf(value, name) ?? 0)
}

/** Of all processes together. Pure. */
export function together(tallies: readonly Tally[]): Tally {
  const sum = (pick: (tally: Tally) => number): number =>
    tallies.reduce((total, tally) => total + pick(tally), 0)
  const verb = (name: Verb): Batches => ({
    batches: sum(({ verbs }) => verbs[name].batches),
    items: sum(({ verbs }) => verbs[name].items),
  })
  return {
    verbs: {
      start: verb('start'),
      receive: verb('receive'),
      perform: verb('perform'),
      advance: verb('advance'),
    },
    messages: sum(({ messages }) => messages),
    errors: sum(({ errors }) => errors),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    rssBytes: sum(({ rssBytes }) => rssBytes),
    heapBytes: sum(({ heapBytes }) => heapBytes),
    acks: [...new Set(tallies.flatMap(({ acks }) => acks))],
  }
}

/** How many items a verb took at a time between two tallies; verbs that did nothing are left out. Pure. */
export function batchesOf(before: Tally, after: Tally): Readonly<Partial<Record<Verb, number>>> {
  const means = VERBS.flatMap((verb) => {
    const batches = after.verbs[verb].batches - before.verbs[verb].batches
    const items = after.verbs[verb].items - before.verbs[verb].items
    return batches === 0 ? [] : [[verb, Number((items / batches).toFixed(1))] as const]
  })
  return Object.fromEntries(means)
}
