// Owns: one system after another being tried, each on what the trials before it have left: the processes of one lane,
// what they are told, and what is asked of the books after each trial. Does not own which trials there are.
// I1: a trial begins when all is quiet and ends when all is quiet again; its sagas are of plays of its own.
// I2: after a failure everything is thrown away, so that no trial suffers from another's.
// I3: the process that has recovered from one trial is the one that the next trial ends.
import type { Pattern } from '@ensemble/core'
import type { Act, Play } from '../system/contracts.ts'
import type { Layout, Places } from '../system/layout.ts'
import type { Trip } from '../tripwire/tripwire.ts'
import { openBooks, type Books } from './books.ts'
import { now, sleep } from './clock.ts'
import type { Ground } from './ground.ts'
import { either, InstanceProcess, played, ready, tripped } from './instance-process.ts'
import { verdict } from './verdict.ts'

/** Where one system runs: trials of one lane are of one kind. */
export interface Kind {
  readonly pattern: Pattern
  readonly layout: Layout
}

/** Which process the first trip ends: one that has run for a while, a new one, or the first one ever. */
export type Phase = 'warm' | 'fresh' | 'first'

/**
 * Moments at which processes end, one after the other. A process that is new is armed before it opens anything.
 */
export interface Trial {
  readonly on: Phase
  readonly trips: readonly Trip[]
  /** What is played meanwhile. */
  readonly acts: readonly Act[]
}

export interface Outcome {
  /** Empty when all is well. */
  readonly violations: readonly string[]
  /** Of a stop: how long another process needed for what was begun, milliseconds. */
  readonly wentOnAfterMs: number | null
}

const READY_MS_MAX = 60_000
/** Nothing heals what is lost, so there is no need to hurry a slow machine. */
const END_MS_MAX = 60_000
const QUIET_MS_MAX = 20_000
/** A second instance has this long while the first one is stopped. */
const GO_ON_MS_MAX = 10_000
/** What a play takes that nothing disturbs; where it takes longer, a stop may take so much longer, too. */
const CALM_MS_USUAL = 1_000
/** What is reached at all is reached by then: the loops that look for work have looked again. */
const REACH_GRACE_MS = 1_500

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
  #playCount = 0
  readonly #processes = new Set<InstanceProcess>()

  constructor(ground: Ground, kind: Kind) {
    this.#ground = ground
    this.#kind = kind
  }

  async try(trial: Trial): Promise<Outcome> {
    if (trial.on === 'first') await this.end()
    const running = (this.#running ??= await this.#begin())
    const plays: Play[] = []
    try {
      const wentOnAfterMs = await this.#play(running, trial, plays)
      const violations = await this.#check(running, plays)
      if (violations.length > 0) await this.end()
      return { violations, wentOnAfterMs }
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      const violations = [error.message, ...(await this.#check(running, plays))]
      await this.end()
      return { violations, wentOnAfterMs: null }
    }
  }

  /** Plays what nothing disturbs, and answers what its process came through. */
  async reached(acts: readonly Act[]): Promise<Readonly<Record<string, number>>> {
    const running = (this.#running ??= await this.#begin())
    const play = this.#newPlay(acts)
    const live = (running.live ??= await this.#ready(running))
    live.send({ do: 'play', play, trip: null })
    const hasPlayed = await live.says(played(play), END_MS_MAX)
    const violations = await this.#check(running, [play])
    if (!hasPlayed || violations.length > 0) throw new Error(`a calm run fails:\n${violations.join('\n')}`)
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

  /** Lets every trip end its process, and the last one's work be finished by another process, which stays. */
  async #play(running: Running, { on, trips, acts }: Trial, plays: Play[]): Promise<number | null> {
    let stopped: InstanceProcess | null = null
    if (on !== 'warm') await this.#quit(running)
    for (const [index, trip] of trips.entries()) {
      const process = await this.#tripped(running, {
        trip,
        plays,
        acts,
        isWarm: on === 'warm' && index === 0,
      })
      if (trip.how === 'stop') stopped = process
    }
    const next = this.#start(running, null)
    running.live = next
    if (!(await next.says(ready, READY_MS_MAX))) throw new Violation('does not start again')
    const wentOnAfterMs = await this.#goesOn(next, plays)
    if (stopped === null) return null
    await this.#drained(stopped, plays)
    if (wentOnAfterMs > GO_ON_MS_MAX) await this.#excuse(next, { acts, wentOnAfterMs })
    return wentOnAfterMs
  }

  /** How long it needed for these plays, milliseconds. */
  async #goesOn(process: InstanceProcess, plays: readonly Play[]): Promise<number> {
    const since = now()
    for (const play of plays) process.send({ do: 'play', play, trip: null })
    for (const play of plays)
      if (!(await process.says(played(play), since + END_MS_MAX - now())))
        throw new Violation(`another process has not gone on within ${END_MS_MAX} ms`)
    return now() - since
  }

  /** It went on too late: unless that is because the machine is slow just now, the engine made it wait. */
  async #excuse(next: InstanceProcess, at: Pick<Trial, 'acts'> & { wentOnAfterMs: number }): Promise<void> {
    const { acts, wentOnAfterMs } = at
    const calmMs = await this.#goesOn(next, [this.#newPlay(acts)])
    if (wentOnAfterMs - Math.max(0, calmMs - CALM_MS_USUAL) > GO_ON_MS_MAX)
      throw new Violation(
        `a second instance went on after ${wentOnAfterMs} ms; undisturbed it needs ${calmMs} ms`,
      )
  }

  /** Resolves when the process has come to its trip. What was begun is gone on with, then something new is begun. */
  async #tripped(
    running: Running,
    at: Pick<Trial, 'acts'> & { readonly isWarm: boolean; readonly trip: Trip; readonly plays: Play[] },
  ): Promise<InstanceProcess> {
    const { trip, plays, acts, isWarm } = at
    const process = isWarm ? (running.live ??= await this.#ready(running)) : this.#start(running, trip)
    running.live = null
    const isBegun = plays.length > 0
    if (!isBegun) plays.push(this.#newPlay(acts))
    if (!(await process.says(either(ready, tripped), READY_MS_MAX)))
      throw new Violation(`does not start before ${trip.point}`)
    for (const play of plays) process.send({ do: 'play', play, trip: isWarm ? trip : null })
    await this.#tripsOrPlays(process, plays)
    // What was left had no need of it, it came fewer times than another time, or one batch took all that was played.
    if (!process.has(tripped)) {
      const play = this.#newPlay(isBegun ? acts : acts.slice(0, 1))
      plays.push(play)
      process.send({ do: 'play', play, trip: isWarm ? { ...trip, nth: 1 } : null })
      await this.#tripsOrPlays(process, plays)
    }
    if (!(await process.says(tripped, REACH_GRACE_MS))) throw new Violation(`${trip.point} is never reached`)
    if (trip.how === 'kill') {
      await process.ends()
      this.#processes.delete(process)
    }
    return process
  }

  async #tripsOrPlays(process: InstanceProcess, plays: readonly Play[]): Promise<void> {
    for (const play of plays) await process.says(either(tripped, played(play)), END_MS_MAX)
  }

  /** A stopped process goes on beside the one that has taken over: what it still writes has to lose. */
  async #drained(process: InstanceProcess, plays: readonly Play[]): Promise<void> {
    process.goOn()
    if (!(await process.says(ready, READY_MS_MAX)))
      throw new Violation(['stopped, it does not go on', ...process.complaints()].join('\n'))
    for (const play of plays) process.send({ do: 'play', play, trip: null })
    for (const play of plays)
      if (!(await process.says(played(play), END_MS_MAX))) throw new Violation('stopped, it does not finish')
    await sleep(DRAIN_MS)
    const complaints = process.complaints()
    await process.kill()
    this.#processes.delete(process)
    if (complaints.length > 0) throw new Violation(complaints.join('\n'))
  }

  async #check({ books, live }: Running, plays: readonly Play[]): Promise<readonly string[]> {
    const unfinished = await books.untilQuiet(QUIET_MS_MAX)
    const found = new Set(live?.complaints() ?? [])
    for (const { service, place, what } of unfinished)
      found.add(`unfinished: ${String(service)} ${String(place)} ${String(what)}`)
    for (const play of plays)
      for (const line of verdict(await books.facts(play), play, this.#kind.pattern)) found.add(line)
    return [...found]
  }

  async #ready(running: Running): Promise<InstanceProcess> {
    const process = this.#start(running, null)
    if (!(await process.says(ready, READY_MS_MAX)))
      throw new Violation(['does not start', ...process.complaints()].join('\n'))
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

  #newPlay(acts: readonly Act[]): Play {
    this.#playCount += 1
    return { id: String(this.#playCount), acts }
  }
}

/** For what it still had in hand: transactions under way, loops that wait after a failure. */
const DRAIN_MS = 300
