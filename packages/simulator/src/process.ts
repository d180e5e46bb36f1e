// Owns: one process of the simulated system: it runs, is paused or is dead; its clock and its ids.
// I1: a dead process hears nothing any more: what it waited for never comes. What it had sent may still arrive.
// I2: a paused process hears nothing until it goes on; then it hears everything, in order.
// I3: each call of a port is an occasion to die, before it and after it.
import { seededIds } from '@ensemble/memory'
import type { Clock, Ids, Stopwatch } from '@ensemble/runtime'
import type { Chance } from './chance.ts'
import type { Faults } from './faults.ts'
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
}

export class Process {
  readonly name: string
  readonly clock: Clock & Stopwatch
  readonly ids: Ids
  readonly #options: ProcessOptions
  readonly #onEnd = new Set<(end: End) => void>()
  readonly #onPause = new Set<(isPaused: boolean) => void>()
  readonly #unheard: (() => void)[] = []
  #state: 'running' | 'paused' | 'dead' = 'running'
  #skewMs: number
  #isUp = false

  constructor(options: ProcessOptions) {
    const { name, schedule, chance } = options
    this.#options = options
    this.name = name
    this.#skewMs = chance.int(-2_000, 2_000)
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
    if (!this.#options.faults.hit('crash before call', this.name)) return true
    this.end('crash', `before ${point}`)
    return false
  }

  /** The answer to a call, or whatever else reaches the process. */
  hears(act: () => void, point: string | null = null): void {
    if (this.isDead) return
    const { faults, chance } = this.#options
    if (point !== null && faults.hit('crash after call', this.name)) {
      this.end('crash', `after ${point}`)
      return
    }
    if (point !== null && !this.isPaused && faults.hit('pause in a call', this.name))
      this.pause(chance.int(8_000, 30_000))
    if (this.isPaused) this.#unheard.push(act)
    else act()
  }

  /** kill -9, or the whole machine. */
  end(how: End, where: string): void {
    if (this.isDead) return
    this.#state = 'dead'
    this.#unheard.length = 0
    this.#options.tell(`${how} ${where}`)
    for (const listener of this.#onEnd) listener(how)
  }

  pause(ms: number): void {
    if (this.#state !== 'running') return
    this.#state = 'paused'
    this.#options.tell(`paused for ${ms} ms`)
    for (const listener of this.#onPause) listener(true)
    this.#options.schedule.after(ms, () => this.goOn())
  }

  goOn(): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    this.#options.tell('goes on')
    for (const listener of this.#onPause) listener(false)
    for (const act of this.#unheard.splice(0)) this.hears(act)
  }

  jumpClock(ms: number): void {
    this.#skewMs += ms
    this.#options.tell(`clock jumps by ${ms} ms`)
  }

  onEnd(listener: (end: End) => void): void {
    this.#onEnd.add(listener)
  }

  onPause(listener: (isPaused: boolean) => void): void {
    this.#onPause.add(listener)
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
