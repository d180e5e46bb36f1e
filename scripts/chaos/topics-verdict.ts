// Owns: what must be true of everything that was sent in a run. Pure.
// I1: sent twice is allowed, if it is the same thing twice, at whatever time.
// I2: an orchestrated check keeps no answer: asked again it reads again, and withdrawn after its answer it says
// `withdrawn`, under an id of its own. Its orchestrator takes the first word.
// I3: every violation is one line.
import type { Row } from '@ensemble/all-in-one/audit'
import * as z from 'zod'

export interface Sent {
  readonly topic: string
  readonly id: string
  readonly text: string
}

const Saga = z.object({ plan: z.string(), id: z.string(), pattern: z.string() })
const Fields = z.record(z.string(), z.unknown())
const Message = z.looseObject({
  type: z.string(),
  id: z.string(),
  saga: Saga.nullable().default(null),
  operation: z.string().nullable().default(null),
  answer: z.looseObject({ status: z.string() }).nullable().default(null),
  ask: z.looseObject({ operation: z.string(), kind: z.string() }).optional(),
  end: z.looseObject({ status: z.string() }).optional(),
})
type Message = z.infer<typeof Message>

export interface TopicsVerdict {
  readonly violations: readonly string[]
  /** Records that repeat an earlier one. */
  readonly twiceCount: number
}

/** `starts`: plan, id and status of each saga, as its starter knows it. */
export function topicsVerdict(sent: readonly Sent[], starts: readonly Row[]): TopicsVerdict {
  const violations: string[] = []
  const texts = new Map<string, string>()
  const messages: Message[] = []
  const checks = checksIn(sent)
  for (const { topic, id, text } of sent) {
    const place = `${topic} ${id}`
    const { at: _, ...said } = Fields.parse(JSON.parse(text))
    const known = texts.get(place)
    const same = JSON.stringify(said)
    texts.set(place, known ?? same)
    const isFirst = known === undefined
    if (!isFirst && known !== same && !checks.has(String(said['operation'])))
      violations.push(`topics: ${place} says two things`)
    if (!isFirst) continue
    const message = Message.safeParse(said)
    if (topic.endsWith('.dead-letters')) violations.push(`topics: ${place} is a dead letter`)
    else if (!message.success || message.data.id !== id) violations.push(`topics: ${place} is no message`)
    else messages.push(message.data)
  }
  return {
    violations: [...violations, ...answerViolations(messages, checks), ...sagaViolations(messages, starts)],
    twiceCount: sent.length - texts.size,
  }
}

/** Operations of checks that an orchestrator asked for. */
function checksIn(sent: readonly Sent[]): ReadonlySet<string> {
  const asks = sent
    .filter(({ topic }) => topic.endsWith('.commands'))
    .flatMap(({ text }) => Message.safeParse(JSON.parse(text)).data?.ask ?? [])
  return new Set(asks.filter(({ kind }) => kind === 'check').map(({ operation }) => operation))
}

/** An operation ends as one thing, whoever asks how often. */
function answerViolations(messages: readonly Message[], checks: ReadonlySet<string>): string[] {
  const known = new Map<string, string>()
  return messages.flatMap(({ id, operation, answer }) => {
    if (operation === null || answer === null || answer.status === 'accepted') return []
    if (id.endsWith('~withdrawn') && checks.has(operation)) return []
    const text = JSON.stringify(answer)
    const before = known.get(operation)
    known.set(operation, before ?? text)
    return before === undefined || before === text ? [] : [`topics: ${operation} has two answers`]
  })
}

function sagaViolations(messages: readonly Message[], starts: readonly Row[]): string[] {
  const started = new Map<string, Set<string>>()
  const ended = new Map<string, Set<string>>()
  const choreographed = new Set<string>()
  const note = (where: Map<string, Set<string>>, { saga }: Message, what: string): void => {
    if (saga === null) return
    const key = `${saga.plan}/${saga.id}`
    where.set(key, (where.get(key) ?? new Set()).add(what))
    if (saga.pattern === 'choreography') choreographed.add(key)
  }
  for (const message of messages) {
    if (message.type === 'start') note(started, message, message.id)
    if (message.type === 'ended') note(ended, message, `${message.id} ${String(message.end?.status)}`)
  }
  const keys = new Map(starts.map((row) => [`${String(row['plan'])}/${String(row['id'])}`, row['status']]))
  return [
    ...[...keys].flatMap(([key, status]) => {
      const [starting, ending] = [started.get(key)?.size ?? 0, [...(ended.get(key) ?? [])]]
      // The orchestrator is a process of its own; in choreography whoever starts may have done the first step.
      const isStarted = starting === 1 || (starting === 0 && choreographed.has(key))
      const isRight =
        isStarted && ending.length === 1 && ending.every((end) => end.endsWith(` ${String(status)}`))
      return isRight
        ? []
        : [
            `topics: ${key} is ${String(status)}, started ${starting} times, ended as ${JSON.stringify(ending)}`,
          ]
    }),
    ...[...started.keys()].filter((key) => !keys.has(key)).map((key) => `topics: nobody started ${key}`),
  ]
}
