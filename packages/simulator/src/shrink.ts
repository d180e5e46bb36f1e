// Owns: making a failing run smaller: fewer sagas and faults, and a plain system, that still give the same violation.
// I1: every try is a run of its own; at most `runsMax` are made, and what is smallest by then is the answer.
// I2: the same violation is one whose words are the same, whatever numbers and names are in it.
import { run, type RunOptions, type RunResult } from './run.ts'
import type { Subject } from './subject.ts'

/** What is kept of a run's sagas and faults. */
export interface Kept {
  readonly sagas: readonly number[]
  readonly faults: readonly string[]
  /** In which order of events it fails. */
  readonly order: number
  /** Whether it fails with one instance of each service, too. */
  readonly isPlain: boolean
  /** Whether it fails with each service in a process of its own, too. */
  readonly isApart: boolean
}

/** With fewer sagas everything happens at other moments: so each try is made in several orders of events. */
const ORDERS = 4

export interface ShrinkOptions {
  readonly seed: number
  readonly subject: Subject
  readonly runsMax: number
  /** After each try. */
  readonly onTry?: (told: { readonly runs: number; readonly kept: Kept }) => void
  /** Whether to be content with what is found so far. */
  readonly isOver?: () => boolean
}

export interface Shrunk extends Kept {
  readonly runs: number
  /** The smallest failing run, with its trace. */
  readonly result: RunResult
}

/** Null when the seed does not fail. */
export async function shrink(options: ShrinkOptions): Promise<Shrunk | null> {
  const { seed, subject } = options
  const whole = await run({ seed, subject })
  if (whole.violations.length === 0) return null
  const search = new Search(options, whole)
  await search.withoutFaults()
  await search.plain()
  await search.fewer('sagas')
  await search.withoutKinds()
  await search.fewer('faults')
  await search.fewer('sagas')
  const { kept, runs } = search
  const result = await run({ seed, subject, keepsTrace: true, ...asked(kept) })
  return { ...kept, runs, result }
}

function asked({ sagas, faults, ...same }: Kept): Partial<RunOptions> {
  return { sagas: new Set(sagas), allowed: new Set(faults), ...same }
}

class Search {
  kept: Kept
  runs = 1
  readonly #options: ShrinkOptions
  readonly #wanted: ReadonlySet<string>

  constructor(options: ShrinkOptions, { violations, scenario, faultsHappened }: RunResult) {
    this.#options = options
    this.#wanted = new Set(violations.map(wordsOf))
    const sagas = Array.from({ length: scenario.sagaCount }, (_, index) => index + 1)
    const isApart = !scenario.shape.isTogether
    this.kept = { sagas, faults: faultsHappened, order: 0, isPlain: false, isApart }
  }

  async plain(): Promise<void> {
    await this.#fails({ ...this.kept, isPlain: true })
    if (!this.kept.isApart) await this.#fails({ ...this.kept, isApart: true })
  }

  async withoutFaults(): Promise<void> {
    if (this.kept.faults.length > 0) await this.#fails({ ...this.kept, faults: [] })
  }

  /** Leaves out all faults of a kind at once. */
  async withoutKinds(): Promise<void> {
    for (const kind of new Set(this.kept.faults.map(kindOf))) {
      const faults = this.kept.faults.filter((name) => kindOf(name) !== kind)
      if (faults.length < this.kept.faults.length) await this.#fails({ ...this.kept, faults })
    }
  }

  /** Leaves out halves, quarters, and so on, as long as it still fails (Zeller and Hildebrandt's delta debugging). */
  async fewer(what: 'sagas' | 'faults'): Promise<void> {
    for (
      let size = Math.ceil(this.kept[what].length / 2);
      size >= 1;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let begin = 0; begin < this.kept[what].length;) {
        const left = [...this.kept[what]]
        left.splice(begin, size)
        const isSmaller = what !== 'sagas' || left.length > 0
        if (!isSmaller || !(await this.#fails({ ...this.kept, [what]: left }))) begin += size
      }
    }
  }

  async #fails(kept: Kept): Promise<boolean> {
    for (let shift = 0; shift < ORDERS; shift += 1) {
      if (await this.#failsIn({ ...kept, order: (kept.order + shift) % ORDERS })) return true
    }
    return false
  }

  async #failsIn(kept: Kept): Promise<boolean> {
    const { seed, subject, runsMax, onTry, isOver } = this.#options
    if (this.runs >= runsMax || isOver?.() === true) return false
    this.runs += 1
    const { violations, faultsHappened } = await run({ seed, subject, ...asked(kept) })
    const isSame = violations.some((violation) => this.#wanted.has(wordsOf(violation)))
    // What was allowed and did not happen is not needed.
    if (isSame) this.kept = { ...kept, faults: faultsHappened }
    onTry?.({ runs: this.runs, kept: this.kept })
    return isSame
  }
}

function kindOf(fault: string): string {
  return fault.replace(/ \d+$/, '')
}

/** Without the numbers and names that are in it. */
export function wordsOf(violation: string): string {
  return violation.replaceAll(/'[^']*'|\S*[/\d]\S*/g, '_')
}
