// Owns: making smaller what ends differently in the two patterns: fewer sagas, told in each pattern.
import { alike, compared, type AlikeOptions, type Compared } from './alike.ts'
import { Chance } from './chance.ts'
import { drawScenario } from './scenario.ts'
import { wordsOf } from './shrink.ts'

export interface Differing extends Compared {
  /** Numbers of the sagas that are left. */
  readonly sagas: readonly number[]
}

interface DifferingOptions extends Pick<AlikeOptions, 'seed' | 'subject'> {
  /** Whether to be content with what is found so far. */
  readonly isOver: () => boolean
}

/** Null when both patterns end alike. */
export async function differing({ seed, subject, isOver }: DifferingOptions): Promise<Differing | null> {
  const { sagaCount } = drawScenario(new Chance(seed).stream('scenario'))
  let sagas = Array.from({ length: sagaCount }, (_, index) => index + 1)
  const whole = await alike({ seed, subject })
  if (whole.length === 0) return null
  const wanted = new Set(whole.map(wordsOf))
  for (const number of sagas) {
    const fewer = sagas.filter((other) => other !== number)
    if (fewer.length === 0 || isOver()) break
    const left = await alike({ seed, subject, sagas: new Set(fewer) })
    if (left.some((difference) => wanted.has(wordsOf(difference)))) sagas = fewer
  }
  return { ...(await compared({ seed, subject, sagas: new Set(sagas), keepsTrace: true })), sagas }
}
