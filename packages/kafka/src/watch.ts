// Owns: noticing that reading stands still though there is something to read: the failure that every client has had.
// Pure: time is an argument.
import { placeKey, type Place } from './lanes.ts'

export interface Read extends Place {
  /** The next offset that will be read. */
  readonly read: number
  /** Behind the last message that is there. */
  readonly end: number
}

export class StallWatch {
  readonly #stallMs: number
  #behind = new Map<string, { readonly read: number; readonly since: number }>()

  constructor(stallMs: number) {
    this.#stallMs = stallMs
  }

  /** Answers the partitions that have not moved for too long while messages wait behind them. */
  look(all: readonly Read[], now: number): readonly Place[] {
    const behind = new Map<string, { readonly read: number; readonly since: number }>()
    for (const one of all) {
      if (one.read >= one.end) continue
      const before = this.#behind.get(placeKey(one))
      behind.set(placeKey(one), before?.read === one.read ? before : { read: one.read, since: now })
    }
    this.#behind = behind
    return all.filter((one) => {
      const since = behind.get(placeKey(one))?.since
      return since !== undefined && now - since >= this.#stallMs
    })
  }
}
