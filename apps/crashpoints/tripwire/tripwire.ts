// Owns: the moments that a process comes through, by name, and its own end at one of them. Does not own the names.
// I1: the end is a signal that the process sends itself, inside the very turn: nothing that is still corked leaves.
// I2: the word about it is on its way before: it is written synchronously.
export type How = 'kill' | 'stop'

export interface Trip {
  readonly point: string
  /** Which time that it is reached, from 1, counted since it was armed. */
  readonly nth: number
  readonly how: How
}

const SIGNALS = { kill: 'SIGKILL', stop: 'SIGSTOP' } as const

export class Tripwire {
  readonly #say: (point: string) => void
  #armed: Trip | null = null
  #left = 0
  #reached = new Map<string, number>()

  constructor(say: (point: string) => void) {
    this.#say = say
  }

  arm(trip: Trip | null): void {
    this.#armed = trip
    this.#left = trip?.nth ?? 0
  }

  reach(point: string): void {
    this.#reached.set(point, (this.#reached.get(point) ?? 0) + 1)
    const armed = this.#armed
    if (armed === null || armed.point !== point) return
    this.#left -= 1
    if (this.#left > 0) return
    this.#armed = null
    this.#say(point)
    process.kill(process.pid, SIGNALS[armed.how])
  }

  /** What was reached since it was last asked, and how often. */
  taken(): Readonly<Record<string, number>> {
    const taken = Object.fromEntries(this.#reached)
    this.#reached = new Map()
    return taken
  }
}
