// Owns: whether what a scene's transactions answered and left can be explained by doing them one after the other.
import { modelSide } from './model.ts'
import { play, WAITS, type Line } from './play.ts'
import type { Script, Step } from './script.ts'

/** Whether some order of those that committed, without the others, gives the same answers and the same rows. */
export async function hasSerialOrder(script: Script, lines: readonly Line[]): Promise<boolean> {
  const committed = script.transactions
    .map((steps, index) => ({ steps, answers: answersOf(lines, index) }))
    .filter(({ answers }) => answers.at(-1) === 'committed')
  // What depends on locks or on the time of day may be explained by no order, nor may a UNIQUE that was taken back: it
  // tells of a row that the snapshot does not have. Then nothing is said.
  const isOpen = committed.some(
    ({ steps, answers }) => !steps.every(isSerial) || answers.some((text) => text.includes('UNIQUE')),
  )
  if (isOpen) return true
  const left = leftOf(lines)
  for (const order of ordersOf(committed)) {
    const transactions = order.map(({ steps }) => steps)
    const turns = transactions.flatMap((steps, index) => steps.map(() => index))
    const serial = await play(await modelSide('serializable', 1), { ...script, transactions, turns })
    const isSame = order.every(({ answers }, index) => isEqual(answers, answersOf(serial, index)))
    if (isSame && isEqual(left, leftOf(serial))) return true
  }
  return false
}

function isSerial(step: Step): boolean {
  const calls = step.do === 'call' ? [step.call] : step.do === 'commit' ? step.deferred : []
  return calls.every((call) => call.isSerial !== false)
}

function answersOf(lines: readonly Line[], index: number): string[] {
  return lines
    .filter(({ who, answer }) => who === `T${index + 1}` && answer !== WAITS)
    .map(({ answer }) => answer)
}

function leftOf(lines: readonly Line[]): string[] {
  return lines.filter(({ who }) => who === 'left').map(({ answer }) => answer)
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index])
}

function ordersOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((first) =>
    ordersOf(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  )
}
