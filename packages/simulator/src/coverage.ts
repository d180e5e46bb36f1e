// Owns: what a run is seen to have exercised ("sometimes" assertions): situations that must occur over many seeds, or
// the simulator proves less than it seems to. Read from the history of rows, the messages and the engine's own
// complaints. What takes more than one of these is in situations.ts.
import { isRecord, type EventMessage, type Message, type Pattern } from '@ensemble/core'
import { keptIn, type Evidence } from './evidence.ts'
import { WHOLE, wholes } from './situations.ts'

/** What is seen outside of rows and messages: errors that the engine told (`where CODE`), and what the models did. */
export interface Seen {
  readonly errors: ReadonlySet<string>
  readonly happened: ReadonlySet<string>
}

type Row = Readonly<Record<string, unknown>>

interface Change {
  readonly before: Row | null
  readonly after: Row
}

type OfOperation = (change: Change) => boolean

/** Situations of an operation's row, by one of its changes. */
const OPERATIONS: Readonly<Record<string, OfOperation>> = {
  'withdraw overtook its run': ({ before, after }) => before === null && after['status'] === 'withdrawn',
  'deferred withdrawn': ({ before, after }) =>
    before?.['status'] === 'deferred' && after['status'] === 'withdrawn',
  'deferred settled': ({ before, after }) =>
    before?.['status'] === 'deferred' && after['status'] === 'succeeded',
  'deferred refused': ({ before, after }) =>
    before?.['status'] === 'deferred' && after['status'] === 'rejected',
  'set aside and withdrawn': ({ before, after }) =>
    before?.['status'] === 'set_aside' && after['status'] === 'withdrawn',
  'set aside and done later': ({ before, after }) =>
    before?.['status'] === 'set_aside' && after['status'] === 'succeeded',
  'tries used up, answered faulted': ({ after }) => after['status'] === 'faulted',
  'answered unknown': ({ after }) => after['status'] === 'unknown',
  'cancel waits for a call': ({ before, after }) =>
    before?.['status'] === 'calling' && after['wish'] !== null,
  'effect taken over after a dead worker': ({ before, after }) =>
    before?.['status'] === 'calling' &&
    before['doubt'] === false &&
    after['status'] === 'calling' &&
    after['doubt'] === true,
  'effect parked in doubt': ({ after }) => after['parked'] === 'IN_DOUBT',
  "operator's word ended a call in doubt": ({ before, after }) =>
    before?.['parked'] === 'IN_DOUBT' && after['parked'] === null && after['status'] !== 'calling',
  'plan function threw, choreographed': ({ after }) => after['parked'] === 'PLAN_THROWS',
  'parked decision made later': ({ before, after }) =>
    before?.['parked'] === 'PLAN_THROWS' && after['parked'] === null,
  'slip sent again': ({ before, after }) => Number(after['again']) > Number(before?.['again'] ?? 0),
}

const SAGAS: Readonly<Record<string, OfOperation>> = {
  'early cancel kept': ({ before, after }) => before === null && after['state'] === null,
  'early cancel met its start': ({ before, after }) => before?.['state'] === null && after['state'] !== null,
  'plan function threw, orchestrated': ({ after }) => after['parked'] === 'PLAN_THROWS',
  'asked again after silence': ({ after }) => Number(phaseOf(after)['asks'] ?? 0) > 0,
  'answer of a pipelined step kept until it was its turn': ({ after }) =>
    isRecord(after['state']) && after['state']['early'] !== undefined,
  'cancel followed to a pipelined step': ({ before, after }) => {
    const [from, to] = [phaseOf(before), phaseOf(after)]
    return (
      from['at'] === 'running' &&
      isRecord(from['wish']) &&
      isRecord(to['wish']) &&
      from['step'] !== to['step']
    )
  },
}

function phaseOf(row: Row | null): Row {
  const state = row?.['state']
  return isRecord(state) && isRecord(state['phase']) ? state['phase'] : {}
}

const MESSAGES: Readonly<Record<string, (message: Message) => boolean>> = {
  'run began too late': (message) =>
    message.type === 'event' &&
    message.answer?.status === 'rejected' &&
    message.answer.rejection === 'expired',
  'saga deadline passed': (message) =>
    (message.type === 'cancel' || message.type === 'withdraw') && message.cancel.by === 'deadline',
  'pipelined step taken up': (message) => message.type === 'event' && message.goesOnWith !== undefined,
  'command done at home': ({ type, handledBy }) => type === 'command' && handledBy !== undefined,
  'first step done with its start': ({ type, handledBy }) => type === 'start' && handledBy !== undefined,
  'turn taken at home': (message) =>
    message.type === 'event' && isOf('choreography', message) && message.handledBy !== undefined,
  'turn taken at home by another service': (message) =>
    isDoneByAnother(message) && isOf('choreography', message),
  'answer heard at home by another service': (message) =>
    isDoneByAnother(message) && isOf('orchestration', message),
  'event followed at home': ({ followedBy }) => followedBy !== undefined,
  'end heard at home': ({ type, handledBy }) => type === 'ended' && handledBy !== undefined,
  'cancel refused': (message) => message.type === 'note' && message.note.type === 'cancel-refused',
  'told to be reconciled': (message) => message.type === 'note' && message.note.type === 'reconcile',
  parked: (message) => message.type === 'note' && message.note.type === 'parked',
  'completed, orchestrated': (message) => isEnd(message, 'orchestration', 'completed'),
  'completed, choreographed': (message) => isEnd(message, 'choreography', 'completed'),
  'compensated, orchestrated': (message) => isEnd(message, 'orchestration', 'compensated'),
  'compensated, choreographed': (message) => isEnd(message, 'choreography', 'compensated'),
}

const ERRORS: Readonly<Record<string, RegExp>> = {
  'commit unknown': /COMMIT_UNKNOWN/,
  'lost a race for a new row': / UNIQUE$/,
  'serialization failure reached the engine': / SERIALIZATION$/,
  'batch halved': /^batch of at most \d+ (?!.*(?:CONNECTION|COMMIT_UNKNOWN))/,
  'deadly batch found': /^deadly batch/,
}

/** What the models saw. */
export const HAPPENED = {
  zombie: 'zombie wrote and lost',
  late: 'late done of a lost partition',
  blocked: 'waited for a lock',
  deadlock: 'deadlock',
  skipped: 'passed over a locked row',
  passed: 'passed over what means nothing here',
} as const

/** Every situation that is looked for. */
export const SITUATIONS: readonly string[] = [
  ...Object.keys(OPERATIONS),
  ...Object.keys(SAGAS),
  ...Object.keys(MESSAGES),
  ...Object.keys(ERRORS),
  ...Object.keys(WHOLE),
  ...Object.values(HAPPENED),
]

export function covered(evidence: Evidence, { errors, happened }: Seen): ReadonlySet<string> {
  const found = new Set<string>(happened)
  collect(found, OPERATIONS, changesOf(evidence, 'operations'))
  collect(found, SAGAS, changesOf(evidence, 'sagas'))
  collect(found, MESSAGES, evidence.messages)
  for (const [name, pattern] of Object.entries(ERRORS))
    if ([...errors].some((told) => pattern.test(told))) found.add(name)
  for (const name of wholes(evidence)) found.add(name)
  return found
}

function collect<T>(
  found: Set<string>,
  tests: Readonly<Record<string, (one: T) => boolean>>,
  all: readonly T[],
): void {
  for (const [name, test] of Object.entries(tests)) if (all.some(test)) found.add(name)
}

function changesOf(evidence: Evidence, table: string): readonly Change[] {
  return evidence.histories(table).flatMap(({ versions }) => {
    const rows = versions.map(keptIn)
    return rows.flatMap((after, index) =>
      after === null ? [] : [{ before: rows[index - 1] ?? null, after }],
    )
  })
}

function isDoneByAnother(message: Message): message is EventMessage {
  return message.type === 'event' && message.handledBy !== undefined && message.handledBy !== message.source
}

function isOf(pattern: Pattern, message: EventMessage): boolean {
  return message.saga?.pattern === pattern
}

function isEnd(message: Message, pattern: string, status: string): boolean {
  return message.type === 'ended' && message.saga.pattern === pattern && message.end.status === status
}
