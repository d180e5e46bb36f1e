// Owns: making the steps of a scene on one side and writing down, line by line, what it answered.
// I1: after each step everybody else is heard, too, in the order of the transactions: a step can set others free.
import { unpack } from '@ensemble/core'
import { plainText, type Actor } from './actor.ts'
import type { Call } from './calls.ts'
import { LOOK } from './families.ts'
import { shownStep, type Script } from './script.ts'

export interface Side {
  actor(): Actor
  /** Until each step under way has its answer, or waits for what another transaction has locked. */
  settle(actors: readonly Actor[]): Promise<void>
  /** Makes calls in a transaction that nobody disturbs, and says what they answered. */
  alone(calls: readonly Call[]): Promise<readonly string[]>
  /** Committed rows that no call reads. */
  left(): Promise<unknown>
}

export interface Line {
  readonly who: string
  readonly step: string
  readonly answer: string
}

export function shownLine({ who, step, answer }: Line): string {
  return `${who}  ${step}  ->  ${answer}`
}

export const WAITS = 'waits'

/** Entries in their order, and how far the group has read. */
export function shownLog(topic: string, entries: readonly string[], next: number): string {
  const ids = entries.flatMap(unpack).map((one) => (one.ok ? one.message.id : one.reason))
  return `${topic}: ${ids.join(' ')}, read to ${next}`
}

export async function play(side: Side, script: Script): Promise<readonly Line[]> {
  const lines: Line[] = []
  const alone = async (who: string, calls: readonly Call[]): Promise<void> => {
    const answers = await side.alone(calls)
    lines.push(...calls.map(({ text }, index) => ({ who, step: text, answer: answers[index] ?? '' })))
  }
  for (const call of script.given) await alone('given', [call])
  lines.push(...(await playTurns(side, script)))
  await alone('left', LOOK)
  lines.push({ who: 'left', step: 'the rest', answer: plainText(await side.left()) })
  return lines
}

/** Only what the transactions do. */
export async function playTurns(
  side: Side,
  script: Pick<Script, 'transactions' | 'turns'>,
): Promise<readonly Line[]> {
  const lines: Line[] = []
  const actors = script.transactions.map(() => side.actor())
  const left = script.transactions.map((steps) => [...steps])
  const turn = async (index: number): Promise<void> => {
    const actor = actors[index]
    if (actor === undefined || actor.underWay !== null || actor.hasEnded) return
    const step = left[index]?.shift()
    if (step === undefined) return
    actor.do(step)
    await side.settle(actors)
    const own = actor.heard()
    lines.push({ who: `T${index + 1}`, step: shownStep(step), answer: own?.answer ?? WAITS })
    for (const [at, other] of actors.entries()) {
      const heard = other.heard()
      if (heard !== null) lines.push({ who: `T${at + 1}`, ...heard })
    }
  }
  for (const index of script.turns) await turn(index)
  while (actors.some(({ hasEnded }) => !hasEnded)) {
    const next = actors.findIndex(({ hasEnded, underWay }) => !hasEnded && underWay === null)
    if (next === -1) throw new Error(`all wait:\n${lines.map(shownLine).join('\n')}`)
    await turn(next)
  }
  return lines
}
