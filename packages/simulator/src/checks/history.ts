// Owns: what must be true of every saga's numbered history and of the turn that its events carry.
// I1: numbers are 1, 2, 3, ...; one number has one content, whoever tells it: else two held the turn.
// I2: at one number a slip names one operation.
// I3: the story ends as the saga did, and tells of no step that it had not asked for.
import type { HistoryEntry, Message } from '@ensemble/core'
import { endOf } from './sagas.ts'
import type { Evidence } from '../evidence.ts'
import type { Witnessed } from '../subject.ts'

export function checkHistory(evidence: Evidence, sagas: readonly Witnessed[]): readonly string[] {
  const problems: string[] = []
  const told = Map.groupBy(
    evidence.messages.filter((message) => message.type === 'history'),
    ({ saga }) => `${saga.plan}/${saga.id}`,
  )
  for (const { saga } of sagas) {
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
    problems.push(...storyProblems(key, bySeq, endOf(evidence, saga)))
  }
  return [...problems, ...forkedTurns(evidence.messages)]
}

function storyProblems(
  key: string,
  bySeq: ReadonlyMap<number, readonly HistoryEntry[]>,
  end: 'completed' | 'compensated' | null,
): readonly string[] {
  if (end === null) return []
  const numbers = [...bySeq.keys()].sort((a, b) => a - b)
  const gap = numbers.findIndex((seq, index) => seq !== index + 1)
  if (gap >= 0) return [`${key}: history has ${numbers.join(', ')}`]
  const story = numbers.flatMap((seq) => bySeq.get(seq) ?? [])
  const last = story.at(-1)
  if (last?.type !== 'ended' || last.status !== end)
    return [`${key}: it ended ${end}, its history with ${JSON.stringify(last)}`]
  return replayProblems(key, story)
}

/** Follows the story as a reader would: what is answered was asked, what is undone was asked to be. */
function replayProblems(key: string, story: readonly HistoryEntry[]): readonly string[] {
  const problems: string[] = []
  const asked = new Set<string>()
  const succeeded = new Set<string>()
  const undone = new Set<string>()
  let goesBack = false
  for (const entry of story) {
    if (entry.type === 'asked') asked.add(`${entry.step}/${entry.direction}`)
    if (entry.type === 'answered' && !asked.has(`${entry.step}/run`))
      problems.push(`${key}: '${entry.step}' answered unasked`)
    if (entry.type === 'answered' && entry.status === 'succeeded') succeeded.add(entry.step)
    if (entry.type === 'answered' && goesBack)
      problems.push(`${key}: '${entry.step}' answered on the way back`)
    if (entry.type === 'undone') {
      if (!asked.has(`${entry.step}/undo`) || undone.has(entry.step))
        problems.push(`${key}: '${entry.step}' undone unasked or twice`)
      undone.add(entry.step)
    }
    if (entry.type === 'going-back') goesBack = true
    if (entry.type === 'ended' && entry.status === 'completed' && goesBack)
      problems.push(`${key}: completed after it went back`)
  }
  return problems
}

function forkedTurns(messages: readonly Message[]): readonly string[] {
  const turns = new Map<string, string>()
  const problems: string[] = []
  for (const message of messages) {
    if ((message.type !== 'event' && message.type !== 'start') || message.slip === null) continue
    const { state, ask } = message.slip
    const at = `${state.saga.plan}/${state.saga.id} at ${state.seq}`
    const before = turns.get(at) ?? ask.operation
    if (before !== ask.operation) problems.push(`${at}: the turn went to ${before} and to ${ask.operation}`)
    turns.set(at, before)
  }
  return problems
}
