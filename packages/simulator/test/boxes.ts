// Owns: scenes for the database's model: statements about boxes with numbers in them, made in the turns that a test
// says.
import { writing, type Open, type TableRef } from '@ensemble/memory'
import type { Isolation } from '../src/database/server.ts'
import type { Call } from './reality/calls.ts'
import { modelSide } from './reality/model.ts'
import { playTurns } from './reality/play.ts'
import type { Step } from './reality/script.ts'

interface Box {
  readonly key: string
  readonly value: number
}

const boxes: TableRef<Box> = { name: 'boxes', home: null }

function statement(text: string, run: (open: Open) => unknown): Call {
  return { text, run: ({ tx }) => writing(tx, run) }
}

/** INSERT. */
export const put = (key: string, value: number): Call =>
  statement(`put ${key}=${value}`, (open) => open.insert(boxes, key, { key, value }))
/** INSERT ... ON CONFLICT DO NOTHING. */
export const offer = (key: string, value: number): Call =>
  statement(`offer ${key}=${value}`, (open) => open.offer(boxes, key, { key, value }))
/** SELECT. */
export const see = (key: string): Call =>
  statement(`see ${key}`, (open) => open.get(boxes, key)?.value ?? null)
/** SELECT ... FOR UPDATE. */
export const hold = (key: string): Call =>
  statement(`hold ${key}`, (open) => open.lock(boxes, key)?.value ?? null)
/** SELECT ... FOR UPDATE SKIP LOCKED. */
export const holdFree = (key: string): Call =>
  statement(`hold ${key} if free`, (open) => open.lockFree(boxes, key)?.value ?? null)
/** UPDATE. */
export const set = (key: string, value: number): Call =>
  statement(`set ${key}=${value}`, (open) => {
    if (open.lock(boxes, key) !== undefined) open.write(boxes, key, { key, value })
  })
export const add = (key: string): Call =>
  statement(`add to ${key}`, (open) => {
    const box = open.lock(boxes, key)
    if (box !== undefined) open.write(boxes, key, { key, value: box.value + 1 })
  })
/** DELETE. */
export const drop = (key: string): Call =>
  statement(`drop ${key}`, (open) => {
    if (open.lock(boxes, key) !== undefined) open.write(boxes, key, null)
  })
/** SELECT count(*) WHERE. */
export const count = (valueMin: number): Call =>
  statement(`count from ${valueMin}`, (open) => open.pick(boxes, ({ value }) => value >= valueMin).length)
/** SELECT ... ORDER BY value LIMIT 1. */
export const least = statement('least', (open) => {
  for (const { value } of open.inOrder(
    boxes,
    () => true,
    (a, b) => a.value - b.value,
  ))
    return value
  return null
})

export const savepoint: Step = { do: 'savepoint' }
export const release: Step = { do: 'release' }
export const takeBack: Step = { do: 'roll back to savepoint' }
export const commit: Step = { do: 'commit', deferred: [], messages: [] }
export const rollBack: Step = { do: 'roll back' }

/** Whose turn it is, from 1 on, and what it does. */
export type Turn = readonly [who: number, what: Call | Step]

/**
 * All transactions begin; then each turn's answer, one line each: `1 see a: 5`, `2 hold a: waits`. Afterwards the boxes
 * `a` to `c` as they are left.
 */
export async function played(
  isolation: Isolation,
  given: readonly Call[],
  turns: readonly Turn[],
  seed = 1,
): Promise<{ readonly lines: readonly string[]; readonly left: string }> {
  const side = await modelSide(isolation, seed)
  await side.alone(given)
  const begin: Step = { do: 'begin', by: 'transaction' }
  const whos = [...new Set(turns.map(([who]) => who))].sort((a, b) => a - b)
  const lines = await playTurns(side, {
    transactions: whos.map((own) => [
      begin,
      ...turns
        .filter(([who]) => who === own)
        .map(([, what]) => ('do' in what ? what : ({ do: 'call', call: what } as const))),
    ]),
    turns: [...whos, ...turns.map(([who]) => who)].map((who) => whos.indexOf(who)),
  })
  const left = await side.alone([see('a'), see('b'), see('c')])
  return {
    lines: lines
      .filter(({ step }) => !step.startsWith('begin'))
      .map(({ who, step, answer }) => `${who.slice(1)} ${step}: ${answer}`),
    left: left.join(' '),
  }
}
