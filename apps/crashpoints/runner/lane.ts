// Owns: one system after another being tried, each on what the trials before it have left: the processes of one lane,
// what they are told, and what is asked of the books after each trial. Does not own which trials there are.
// I1: a trial begins when all is quiet and ends when all is quiet again; its sagas are of sets of its own.
// I2: after a failure everything is thrown away, so that no trial suffers from another's.
// I3: the process that has recovered from one trial is the one that the next trial ends.
import type { Pattern } from '@ensemble/core'
import { SCENES } from '../system/contracts.ts'
import type { Layout, Places } from '../system/layout.ts'
import type { Trip } from '../tripwire/tripwire.ts'
import { openBooks, type Books } from './books.ts'
import { now, sleep } from './clock.ts'
import type { Ground } from './ground.ts'
import { InstanceProcess, played, ready, tripped } from './instance-process.ts'
import { verdict } from './verdict.ts'

/** Where one system runs: trials of one lane are of one kind. */
export interface Kind {
  readonly pattern: Pattern
  readonly layout: Layout
}

/**
 * Moments at which processes end, one after the other. The first may end a process that has run for a while (`warm`);
 * the others are armed before their process opens anything.
 */
export interface Trial {
  readonly isWarm: boolean
  readonly trips: readonly Trip[]
}

export interface Outcome {
  /** Empty when all is well. */
  readonly violations: readonly string[]
  /** Of a stop: from then until every saga had ended, milliseconds. */
  readonly wentOnAfterMs: number | null
}

const READY_MS_MAX = 30_000
/** Less than an orchestrator's patience (30 s): what is only found because it asked again is lost. */
const END_MS_MAX = 20_000
const QUIET_MS_MAX = 20_000
/** A second instance has this long while the first one is stopped. */
const GO_ON_MS_MAX = 10_000
/** What is reached at all is reached by then: the loops that look for work have looked again. */
const REACH_GRACE_MS = 1_500
const SAGA_COUNT = Object.keys(SCENES).length

interface Running {
  readonly places: Places
  readonly books: Books
  /** The process that is up and idle, if there is one. */
  live: InstanceProcess | null
}

class Violation extends Error {}

export class Lane {
  readonly #ground: Ground
  readonly #kind: Kind
  #running: Running | null = null
  #setCount = 0
  readonly #processes = new Set<InstanceProcess>()

  constructor(ground: Ground, kind: Kind) {
    this.#ground = ground
    this.#kind = kind
  }

  async try(trial: Trial): Promise<Outcome> {
    const running = (this.#running ??= await this.#begin())
    const sets: string[] = []
    try {
      const wentOnAfterMs = await this.#play(running, trial, sets)
      const violations = await this.#check(running, sets)
      if (violations.length > 0) await this.end()
      return { violations, wentOnAfterMs }
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      const violations = [error.message, ...(await this.#check(running, sets))]
      await this.end()
      return { violations, wentOnAfterMs: null }
    }
  }

  /** Plays a set that nothing disturbs, and answers what its process came through. */
  async reached(): Promise<Readonly<Record<string, number>>> {
    const running = (this.#running ??= await this.#begin())
    const set = this.#newSet()
    const live = (running.live ??= await this.#ready(running, null))
    live.send({ do: 'play', set, trip: null })
    const hasEnded = await running.books.untilEnded([set], SAGA_COUNT, END_MS_MAX)
    const violations = await this.#check(running, [set])
    if (!hasEnded || violations.length > 0) throw new Error(`a calm run fails:\n${violations.join('\n')}`)
    return await this.told()
  }

  /** What the process that is up came through since this was last asked. */
  async told(): Promise<Readonly<Record<string, number>>> {
    return (await this.#running?.live?.tells(READY_MS_MAX)) ?? {}
  }

  async end(): Promise<void> {
    const running = this.#running
    this.#running = null
    await Promise.all([...this.#processes].map((one) => one.kill()))
    this.#processes.clear()
    if (running === null) return
    await running.books.close()
    await this.#ground.drop(running.places)
  }

  async #begin(): Promise<Running> {
    const places = await this.#ground.places(this.#kind)
    return { places, books: await openBooks(places), live: null }
  }

  /** Lets every trip end its process, the last one's work be finished by another process, which stays. */
  async #play(running: Running, { isWarm, trips }: Trial, sets: string[]): Promise<number | null> {
    let stopped: { readonly process: InstanceProcess; readonly at: number } | null = null
    if (!isWarm) await this.#quit(running)
    for (const [index, trip] of trips.entries()) {
      sets.push(this.#newSet())
      const process = await this.#tripped(running, { trip, sets, isWarm: isWarm && index === 0 })
      if (trip.how === 'stop') stopped = { process, at: now() }
    }
    const next = this.#start(running, null)
    running.live = next
    if (!(await next.says(ready, READY_MS_MAX))) throw new Violation('does not start again')
    for (const set of sets) next.send({ do: 'play', set, trip: null })
    const withinMs = stopped === null ? END_MS_MAX : stopped.at + GO_ON_MS_MAX - now()
    const haveEnded = await running.books.untilEnded(sets, SAGA_COUNT, withinMs)
    if (stopped === null) {
      if (!haveEnded) throw new Violation(`sagas have not ended ${END_MS_MAX} ms after the restart`)
      return null
    }
    if (!haveEnded) throw new Violation(`a second instance did not go on within ${GO_ON_MS_MAX} ms`)
    const wentOnAfterMs = now() - stopped.at
    await this.#drained(stopped.process, sets)
    return wentOnAfterMs
  }

  async #tripped(
    running: Running,
    at: { readonly trip: Trip; readonly sets: readonly string[]; readonly isWarm: boolean },
  ): Promise<InstanceProcess> {
    const { trip, sets, isWarm } = at
    const live = isWarm ? (running.live ??= await this.#ready(running, null)) : this.#start(running, trip)
    running.live = null
    if (!isWarm && !(await live.says(ready, READY_MS_MAX)) && !live.has(tripped))
      throw new Violation(`does not start before ${trip.point}`)
    for (const [index, set] of sets.entries())
      live.send({ do: 'play', set, trip: isWarm && index === 0 ? trip : null })
    const isOver = Promise.all(sets.map((set) => live.says(played(set), END_MS_MAX)))
    await Promise.race([live.says(tripped, END_MS_MAX), isOver])
    if (!(await live.says(tripped, REACH_GRACE_MS))) throw new Violation(`${trip.point} is never reached`)
    if (trip.how === 'kill') {
      await live.ends()
      this.#processes.delete(live)
    }
    return live
  }

  /** A stopped process goes on beside the one that has taken over: what it still writes has to lose. */
  async #drained(process: InstanceProcess, sets: readonly string[]): Promise<void> {
    process.goOn()
    if (!(await process.says(ready, READY_MS_MAX))) throw new Violation('stopped, it does not go on')
    for (const set of sets) process.send({ do: 'play', set, trip: null })
    for (const set of sets)
      if (!(await process.says(played(set), END_MS_MAX))) throw new Violation('stopped, it does not finish')
    await sleep(DRAIN_MS)
    const complaints = process.complaints()
    await process.kill()
    this.#processes.delete(process)
    if (complaints.length > 0) throw new Violation(complaints.join('\n'))
  }

  async #check({ books, live }: Running, sets: readonly string[]): Promise<readonly string[]> {
    const unfinished = await books.untilQuiet(QUIET_MS_MAX)
    const found = new Set(live?.complaints() ?? [])
    for (const { service, place, what } of unfinished)
      found.add(`unfinished: ${String(service)} ${String(place)} ${String(what)}`)
    for (const set of sets)
      for (const line of verdict(await books.facts(set), set, this.#kind.pattern)) found.add(line)
    return [...found]
  }

  async #ready(running: Running, trip: Trip | null): Promise<InstanceProcess> {
    const process = this.#start(running, trip)
    if (!(await process.says(ready, READY_MS_MAX)))
      throw new Error(`does not start:\n${process.complaints().join('\n')}`)
    return process
  }

  #start({ places }: Running, trip: Trip | null): InstanceProcess {
    const process = new InstanceProcess({ places, trip }, this.#ground.cache)
    this.#processes.add(process)
    return process
  }

  async #quit(running: Running): Promise<void> {
    const { live } = running
    running.live = null
    if (live === null) return
    await live.kill()
    this.#processes.delete(live)
  }

  #newSet(): string {
    this.#setCount += 1
    return String(this.#setCount)
  }
}

/** For what it still had in hand: transactions under way, loops that wait after a failure. */
const DRAIN_MS = 300
