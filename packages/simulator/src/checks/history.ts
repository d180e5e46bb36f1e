// Owns: what must be true of every saga's numbered history and of the turn that its events carry.
// I1: numbers are 1, 2, 3, ...; one number has one content, whoever tells it: else two held the turn.
// I2: at one number a slip names one operation.
// I3: the story follows the plan forward and back, ends as the saga did, and leads to the state that a row keeps:
// its results, its number and its end.
import { isRecord, type HistoryEntry, type Plan, type Slip } from '@ensemble/core'
import { endOf } from './sagas.ts'
import { keptIn, type Evidence } from '../evidence.ts'
import type { Witnessed } from '../subject.ts'

interface Story {
  readonly entries: readonly HistoryEntry[]
  /** Of the last decision. */
  readonly seq: number
}

export function checkHistory(evidence: Evidence, sagas: readonly Witnessed[]): readonly string[] {
  const problems: string[] = []
  const told = Map.groupBy(
    evidence.messages.filter((message) => message.type === 'history'),
    ({ saga }) => `${saga.plan}/${saga.id}`,
  )
  const stories = new Map<string, Story>()
  for (const { saga, plan } of sagas) {
    const key = `${saga.plan}/${saga.id}`
    const bySeq = new Map<number, readonly HistoryEntry[]>()
    for (const { seq, entries } of told.get(key) ?? []) {
      const before = bySeq.get(seq)
      if (before !== undefined && JSON.stringify(before) !== JSON.stringify(entries))
        problems.push(
          `${key}: number ${seq} was decided twice: ${JSON.stringify(before)} and ${JSON.stringify(entries)}`,
        )
      bySeq.set(seq, entries)
    }
    const numbers = [...bySeq.keys()].toSorted((a, b) => a - b)
    const story = numbers.flatMap((seq) => bySeq.get(seq) ?? [])
    stories.set(key, { entries: story, seq: numbers.at(-1) ?? 0 })
    const end = endOf(evidence, saga)
    if (end === null) continue
    if (numbers.some((seq, index) => seq !== index + 1))
      problems.push(`${key}: history has ${numbers.join(', ')}`)
    const last = story.at(-1)
    if (last?.type !== 'ended' || last.status !== end)
      problems.push(`${key}: it ended ${end}, its history with ${JSON.stringify(last)}`)
    problems.push(...replayProblems(key, story, plan))
  }
  return [...problems, ...stateProblems(evidence, stories), ...forkedTurns(evidence.slips)]
}

/** Follows the story as a reader would: forward in the plan's order, back in reverse, never back after the pivot. */
function replayProblems(key: string, story: readonly HistoryEntry[], plan: Plan): readonly string[] {
  const problems: string[] = []
  const asked: string[] = []
  const answers = new Map<string, string>()
  const undone: string[] = []
  let goesBack = false
  for (const entry of story) {
    if (entry.type === 'asked' && entry.direction === 'run') asked.push(entry.step)
    if (entry.type === 'answered') {
      if (!asked.includes(entry.step) || goesBack || answers.has(entry.step))
        problems.push(`${key}: '${entry.step}' answered unasked, again, or on the way back`)
      answers.set(entry.step, entry.status)
    }
    if (entry.type === 'undone') undone.push(entry.step)
    if (entry.type === 'going-back') goesBack = true
    if (entry.type === 'ended' && (entry.status === 'completed') === goesBack)
      problems.push(`${key}: it ended ${entry.status}, but it did ${goesBack ? '' : 'not '}go back`)
  }
  const names = plan.steps.map(({ name }) => name)
  if (asked.join() !== names.slice(0, asked.length).join())
    problems.push(`${key}: it asked for ${asked.join(', ')}; its plan says ${names.join(', ')}`)
  return [...problems, ...undoProblems(key, { plan, answers, undone, goesBack })]
}

function undoProblems(
  key: string,
  told: { plan: Plan; answers: ReadonlyMap<string, string>; undone: readonly string[]; goesBack: boolean },
): readonly string[] {
  const { plan, answers, undone, goesBack } = told
  const mayHaveHappened = (name: string): boolean =>
    ['succeeded', 'unknown'].includes(answers.get(name) ?? '')
  const isPast = plan.steps.some(({ kind, name }) => kind === 'pivot' && answers.get(name) === 'succeeded')
  if (isPast && goesBack) return [`${key}: it went back after its pivot had succeeded`]
  const expected = goesBack
    ? plan.steps.filter(({ name, undo }) => undo !== null && mayHaveHappened(name))
    : []
  const backwards = expected.map(({ name }) => name).toReversed()
  if (backwards.join() === undone.join()) return []
  return [`${key}: it undid ${undone.join(', ')}; to be undone were ${backwards.join(', ')}`]
}

const ENDS: ReadonlySet<unknown> = new Set(['completed', 'compensated'])

/** Where a row keeps the saga's state, the story must lead to it. */
function stateProblems(evidence: Evidence, told: ReadonlyMap<string, Story>): readonly string[] {
  return evidence.rows('sagas').flatMap((stored) => {
    const row = keptIn(stored) ?? {}
    const state = isRecord(row['state']) ? row['state'] : null
    if (state === null) return []
    const key = `${String(row['plan'])}/${String(row['id'])}`
    const results = isRecord(state['results']) ? state['results'] : {}
    const { entries = [], seq = 0 } = told.get(key) ?? {}
    const answered = entries.flatMap((entry) =>
      entry.type === 'answered' && entry.status === 'succeeded' && entry.data !== null
        ? [[entry.step, entry.data]]
        : [],
    )
    const ended = entries.findLast(({ type }) => type === 'ended')
    const phase = isRecord(state['phase']) ? state['phase']['at'] : undefined
    const end = ended?.type === 'ended' ? ended.status : 'running'
    const kept = [results, state['seq'], ENDS.has(phase) ? phase : 'running']
    const led = [Object.fromEntries(answered), seq, end]
    const isSame = JSON.stringify(kept) === JSON.stringify(led)
    return isSame ? [] : [`${key}: its row has ${JSON.stringify(kept)}, its history ${JSON.stringify(led)}`]
  })
}

function forkedTurns(slips: readonly Slip[]): readonly string[] {
  const turns = new Map<string, string>()
  const problems: string[] = []
  for (const { state, ask } of slips) {
    const at = `${state.saga.plan}/${state.saga.id} at ${state.seq}`
    const before = turns.get(at) ?? ask.operation
    if (before !== ask.operation) problems.push(`${at}: the turn went to ${before} and to ${ask.operation}`)
    turns.set(at, before)
  }
  return problems
}
