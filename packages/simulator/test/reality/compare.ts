// Owns: whether what PostgreSQL answered in a scene is something that the model can answer, and the report if not.
// I1: READ COMMITTED and REPEATABLE READ: all answers, who waits when, and all rows are those of one run of the model.
// What PostgreSQL leaves open (who of a deadlock is refused, who goes on first, in which order an UPDATE meets its
// rows) is chance in the model: it is asked again with other chance, up to `RUNS_MAX` times.
// I2: SERIALIZABLE: the same up to the first SERIALIZATION of PostgreSQL where the model has none: it watches whole
// pages and may refuse more. The model refuses nothing that PostgreSQL accepts; and where it accepts what PostgreSQL
// refuses, a serial order explains what it answered (serial.ts).
import type { Isolation } from '@ensemble/postgres'
import { modelSide } from './model.ts'
import { play, shownLine, type Line } from './play.ts'
import type { Script } from './script.ts'
import { hasSerialOrder } from './serial.ts'

const RUNS_MAX = 300
const AFTER_LINES = 4

/** The report of a difference, null when there is none. */
export async function differenceOf(
  script: Script,
  isolation: Isolation,
  real: readonly Line[],
): Promise<string | null> {
  let nearest: { readonly lines: readonly Line[]; readonly at: number } | null = null
  for (let run = 1; run <= RUNS_MAX; run += 1) {
    const lines = await play(await modelSide(isolation, run), script)
    const at = firstDifference(real, lines)
    if (at === -1) return null
    if (isolation === 'serializable' && isRefusal(real[at])) {
      if (await hasSerialOrder(script, lines)) return null
      return report(script, isolation, [
        'refused, and:',
        ...sideBySide(real, lines, at),
        ...lines.map(shownLine),
      ])
    }
    if (nearest === null || at > nearest.at) nearest = { lines, at }
  }
  return report(script, isolation, nearest === null ? [] : sideBySide(real, nearest.lines, nearest.at))
}

function firstDifference(real: readonly Line[], model: readonly Line[]): number {
  const longest = real.length > model.length ? real : model
  return longest.findIndex((_, index) => textAt(real, index) !== textAt(model, index))
}

function isRefusal(line: Line | undefined): boolean {
  return line?.answer.endsWith('SERIALIZATION') === true
}

function sideBySide(real: readonly Line[], model: readonly Line[], at: number): string[] {
  const same = real.slice(0, at).map((line) => `      ${shownLine(line)}`)
  const rest = Array.from({ length: AFTER_LINES }, (_, index) => [
    ` real ${textAt(real, at + index)}`,
    `model ${textAt(model, at + index)}`,
  ])
  return [...same, ...rest.flat()]
}

function textAt(lines: readonly Line[], index: number): string {
  const line = lines[index]
  return line === undefined ? '' : shownLine(line)
}

function report({ seed }: Script, isolation: Isolation, lines: readonly string[]): string {
  const again = `ENSEMBLE_REALITY_FROM=${seed} ENSEMBLE_REALITY_COUNT=1`
  return [`seed ${seed}, ${isolation} (again: ${again})`, ...lines].join('\n')
}
