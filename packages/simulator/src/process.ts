// Owns: one process of the simulated system: it runs, is paused or is dead; its clock and its ids.
// I1: a dead process hears nothing any more: what it waited for never comes. What it had sent may still arrive.
// I2: a paused process hears nothing until it goes on; then it hears everything, in order.
// I3: each call of a port is an occasion to die, before it and after it.
// I4: services at home together are one process of the operating system, and one of these for each: they have one
// clock, and pause, go on and end at the same moment.
import { seededIds } from '@ensemble/memory'
import type { Clock, Ids, Stopwatch } from '@ensemble/runtime'
import type { Chance } from './chance.ts'
import type { FaultKind, Faults } from './faults.ts'
import type { Schedule } from './schedule.ts'
import type { Watch } from './trace.ts'

export type End = 'crash' | 'host lost'

export interface ProcessOptions {
  /** Service and instance, e.g. `order#1`. */
  readonly name: string
  readonly schedule: Schedule
  readonly faults: Faults
  readonly chance: Chance
  readonly tell: (what: string) => void
  /** Sees more than is told, where somebody reads it. */
  readonly watch?: Watch | null
  /** One of those with which it is one process of the operating system. */
  readonly kin?: Process | null
}

export class Process {
  readonly name: string
  readonly clock: Clock & Stopwatch
  readonly ids: Ids
  readonly #options: ProcessOptions
  readonly #onEnd = new Set<(end: End) => void>()
  readonly #onPause = new Set<(isPaused: boolean) => void>()
  /** Of all its kin, in order. */
  readonly #unheard: (() => void)[]
  /** Itself among them. */
  readonly #kin: Set<Process>
  #state: 'running' | 'paused' | 'dead' = 'running'
  #skewMs: number
  #isUp = false

  constructor(options: ProcessOptions) {
    const { name, schedule, chance, kin = null } = options
    this.#options = options
    this.name = name
    this.#kin = kin === null ? new Set() : kin.#kin
    this.#kin.add(this)
    this.#unheard = kin === null ? [] : kin.#unheard
    this.#skewMs = kin === null ? chance.int(-2_000, 2_000) : kin.#skewMs
    this.ids = seededIds(chance.int(1, 2 ** 31))
    this.clock = {
      now: () => Math.max(0, schedule.now + this.#skewMs),
      elapsed: () => schedule.now,
      sleep: (ms, signal) => this.#sleep(ms, signal),
    }
  }

  /** Null where nobody reads, and until it has started: how services start is the same in every run. */
  get watch(): Watch | null {
    return this.#isUp ? (this.#options.watch ?? null) : null
  }

  get service(): string {
    return this.name.replace(/#\d+$/, '')
  }

  get isDead(): boolean {
    return this.#state === 'dead'
  }

  get isPaused(): boolean {
    return this.#state === 'paused'
  }

  /** It has started. */
  comesUp(): void {
    this.#isUp = true
  }

  /** A call of a port begins; false when the process dies here, or is dead, and the call is never made. */
  calls(point: string): boolean {
    if (this.isDead) return false
    if (!this.#isHit('crash before call')) return true
    this.end('crash', `before ${point}`)
    return false
  }

  /** The answer to a call, or whatever else reaches the process. */
  hears(act: () => void, point: string | null = null): void {
    if (this.isDead) return
    if (point !== null && this.#isHit('crash after call')) {
      this.end('crash', `after ${point}`)
      return
    }
    if (point !== null && !this.isPaused && this.#isHit('pause in a call'))
      this.pause(this.#options.chance.int(8_000, 30_000))
    if (this.isPaused) this.#unheard.push(() => this.hears(act))
    else act()
  }

  /** kill -9, or the whole machine. */
  end(how: End, where: string): void {
    if (this.isDead) return
    this.#options.tell(`${how} ${where}${this.#others}`)
    this.#unheard.length = 0
    for (const one of this.#kin) one.#state = 'dead'
    for (const one of this.#kin) for (const listener of one.#onEnd) listener(how)
  }

  pause(ms: number): void {
    if (this.#state !== 'running') return
    this.#options.tell(`paused for ${ms} ms${this.#others}`)
    this.#turn('paused')
    this.#options.schedule.after(ms, () => this.goOn())
  }

  goOn(): void {
    if (this.#state !== 'paused') return
    this.#options.tell(`goes on${this.#others}`)
    this.#turn('running')
    for (const hear of this.#unheard.splice(0)) hear()
  }

  jumpClock(ms: number): void {
    this.#options.tell(`clock jumps by ${ms} ms${this.#others}`)
    for (const one of this.#kin) one.#skewMs += ms
  }

  onEnd(listener: (end: End) => void): void {
    this.#onEnd.add(listener)
  }

  onPause(listener: (isPaused: boolean) => void): void {
    this.#onPause.add(listener)
  }

  /** Each of many is hit less often, so that their process lives as long as others. */
  #isHit(kind: FaultKind): boolean {
    return this.#options.faults.hit(kind, this.name, 1 / this.#kin.size)
  }

  #turn(state: 'running' | 'paused'): void {
    for (const one of this.#kin) one.#state = state
    for (const one of this.#kin) for (const listener of one.#onPause) listener(state === 'paused')
  }

  /** In words, to be added to what becomes of this one. */
  get #others(): string {
    const names = [...this.#kin].filter((one) => one !== this).map(({ name }) => name)
    return names.length === 0 ? '' : `, with ${names.join(', ')}`
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve()
        return
      }
      const done = (): void => {
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
      this.#options.schedule.after(ms, () => this.hears(done))
    })
  }
}
