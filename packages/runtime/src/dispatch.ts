// Owns: what one batch from the bus means for a host: each message goes to the verbs that it concerns, in one
// transaction, and what cannot be handled is put away.
import { decisionsApart, type ErrorInfo, type Message, type Time } from '@ensemble/core'
import { act } from './act.ts'
import { release, type AdvanceOptions } from './advance/advance.ts'
import { heardIn, type AdvanceWork } from './advance/signals.ts'
import { bury, type Cemetery } from './bury.ts'
import { tell } from './diagnostics.ts'
import { errorInfo } from './errors.ts'
import type { Member, Runner } from './home.ts'
import { noteOf } from './letters.ts'
import type { Shop } from './perform/answer.ts'
import { setAside } from './perform/fault.ts'
import { perform } from './perform/perform.ts'
import { Picture } from './perform/picture.ts'
import { storeScheduled } from './perform/store.ts'
import { worksOf, type Service, type Work } from './perform/work.ts'
import type { DeadLetter, Delivered, StartEnd, Transaction } from './ports.ts'

export interface BatchOptions extends Member {
  readonly shop: Shop
  readonly advance: AdvanceOptions | null
  readonly runner: Runner
}

/**
 * Everything that one batch means for this host, in its transaction; returns what is to be sent. `onHome` is that of
 * `act`.
 */
export async function handleBatch(
  tx: Transaction,
  batch: readonly Delivered[],
  options: BatchOptions,
  onHome: (() => void) | null,
): Promise<readonly Message[]> {
  const sorted = sortBatch(batch, options)
  const { service, starter, observer, runner } = options
  const { messages } = await act(tx, sorted, { runner, onHome })
  const sent = [...messages]
  if (sorted.observed.length + sorted.deadLetters.length + sorted.unknown.length > 0) await tx.begun?.()
  if (observer !== null && sorted.observed.length > 0) {
    await observer.record(tx, sorted.observed)
    tell('record', { service: service.name, count: sorted.observed.length })
  }
  if (starter !== null && sorted.heardEnds.length > 0) tx.onCommit(() => starter.tellEnds(sorted.heardEnds))
  sent.push(...bury(tx, sorted.deadLetters, cemeteryOf(options)))
  sent.push(...setAsideAll(tx, sorted.unknown, options))
  return sent
}

/**
 * Whether there is anything to do about a message of this process, or it is only observed. Where neither it is never
 * received: what is answered rests on the host's options only.
 */
export function concernOf(message: Message, options: BatchOptions): 'concerned' | 'observed' | null {
  // Most of what a process hears of itself, and cheaper than to sort it.
  if (message.handledBy === options.service.name && options.observer === null) return null
  const delivered = { ok: true, message, topic: message.topic, partition: 0, position: '' } as const
  // Who waits here for an end that was stored here has been told.
  const { observed, ...sorted } = { ...sortBatch([delivered], options), heardEnds: [] }
  if (Object.values(sorted).some(({ length }) => length > 0)) return 'concerned'
  return observed.length > 0 ? 'observed' : null
}

interface Unknown {
  readonly message: Message
  readonly error: unknown
}

interface Sorted {
  readonly works: Work[]
  readonly advances: AdvanceWork[]
  readonly observed: Message[]
  readonly ends: StartEnd[]
  /** Stored by another instance, or by this one before. */
  readonly heardEnds: StartEnd[]
  readonly unknown: Unknown[]
  readonly deadLetters: DeadLetter[]
}

function sortBatch(batch: readonly Delivered[], options: BatchOptions): Sorted {
  const sorted: Sorted = {
    works: [],
    advances: [],
    observed: [],
    ends: [],
    heardEnds: [],
    unknown: [],
    deadLetters: [],
  }
  const observes = new Set(options.observer?.topics ?? [])
  for (const delivered of batch) {
    if (!delivered.ok) {
      sorted.deadLetters.push(undecodable(delivered))
      continue
    }
    const { message } = delivered
    if (observes.has(delivered.topic)) sorted.observed.push(...decisionsApart(message))
    const isHandled = message.handledBy === options.service.name
    if (options.starter !== null && message.type === 'ended')
      (isHandled ? sorted.heardEnds : sorted.ends).push({ saga: message.saga, ...message.end })
    if (isHandled) continue
    if (options.advance !== null) sorted.advances.push(...heardIn(message))
    try {
      sorted.works.push(...worksLeft(options.service, message))
    } catch (error) {
      sorted.unknown.push({ message, error })
    }
  }
  return sorted
}

/** What was not done at home. */
function worksLeft(service: Service, message: Message): readonly Work[] {
  const works = worksOf(service, message)
  return message.followedBy?.includes(service.name) === true
    ? works.filter((work) => work.do !== 'follow')
    : works
}

function undecodable(delivered: Extract<Delivered, { readonly ok: false }>): DeadLetter {
  const { topic, partition, position, reason, text } = delivered
  return { id: `${topic}/${partition}/${position}`, topic, reason: 'UNDECODABLE', detail: reason, text }
}

function setAsideAll(
  tx: Transaction,
  unknown: readonly Unknown[],
  options: BatchOptions,
): readonly Message[] {
  if (unknown.length === 0) return []
  const picture = emptyPicture(tx)
  for (const { message, error } of unknown) {
    const what =
      message.type === 'retry'
        ? { message: message.message, attempt: message.attempt }
        : { message, attempt: 0 }
    setAside(options.shop, picture, what, errorInfo(error))
  }
  storeScheduled(tx, picture.scheduled, options.database.stores)
  return picture.messages
}

function emptyPicture(tx: Transaction): Picture {
  return new Picture({ now: tx.now, horizon: 0, operations: new Map(), rows: new Map(), claims: new Map() })
}

/**
 * Puts messages that cannot be handled away, answering those that asked for an operation and telling of the
 * others.
 */
export async function buried(
  tx: Transaction,
  batch: readonly Delivered[],
  { options, error, silent }: { options: BatchOptions; error: unknown; silent: boolean },
): Promise<readonly Message[]> {
  await tx.begun?.()
  const info = errorInfo(error)
  const sorted = sortBatch(batch, { ...options, advance: null, observer: null, starter: null })
  const letters = batch.map((delivered): DeadLetter => {
    if (!delivered.ok) return undecodable(delivered)
    const { topic, partition, position, message } = delivered
    const detail = `${info.code}: ${info.message}`
    return {
      id: `${topic}/${partition}/${position}`,
      topic,
      reason: 'UNHANDLED',
      detail,
      text: JSON.stringify(message),
    }
  })
  const told = bury(tx, letters, cemeteryOf(options))
  const asked = silent ? [] : sorted.works.filter((work) => work.do === 'run' || work.do === 'withdraw')
  const performed = await perform(tx, asked, { ...options.perform, refuse: info })
  if (options.advance !== null && !silent) await release(tx, retriesIn(batch), options.advance)
  const answered = new Set<Message>(asked.map((work) => work.message))
  return [
    ...told,
    ...performed.messages,
    ...followLater(tx, sorted.works, { options, info }),
    ...batch.flatMap((delivered) => buriedNote(delivered, { answered, options, info, now: tx.now })),
  ]
}

/**
 * An event that is put away with the run that it asks for is still to be followed, by itself: in the other pattern the
 * run is a message of its own, which takes nothing with it.
 */
function followLater(
  tx: Transaction,
  works: readonly Work[],
  { options, info }: { readonly options: BatchOptions; readonly info: ErrorInfo },
): readonly Message[] {
  const followed = new Set(works.filter((work) => work.do === 'follow').map(({ message }) => message))
  const picture = emptyPicture(tx)
  for (const work of works) {
    if (work.do !== 'run' || work.message.type !== 'event' || !followed.has(work.message)) continue
    const { message, attempt } = work
    setAside(options.shop, picture, { message: { ...message, slip: null }, attempt }, info)
  }
  storeScheduled(tx, picture.scheduled, options.database.stores)
  return picture.messages
}

function retriesIn(batch: readonly Delivered[]): readonly AdvanceWork[] {
  return batch.flatMap((delivered) =>
    delivered.ok && delivered.message.type === 'retry' ? heardIn(delivered.message) : [],
  )
}

function cemeteryOf({ service, database }: BatchOptions): Cemetery {
  return { service: service.name, stores: database.stores }
}

function buriedNote(
  delivered: Delivered,
  at: { answered: ReadonlySet<Message>; options: BatchOptions; info: ErrorInfo; now: Time },
): readonly Message[] {
  if (!delivered.ok) return []
  const message = delivered.message.type === 'retry' ? delivered.message.message : delivered.message
  if (at.answered.has(message) || !('saga' in message) || message.saga === null) return []
  if (message.type === 'history' || message.type === 'note' || message.type === 'ended') return []
  const detail = `dead letter ${message.id}: ${at.info.code}: ${at.info.message}`
  const note = { type: 'parked', operation: null, attempt: 0, detail } as const
  return [noteOf(message.saga, note, { source: at.options.service.name, at: at.now })]
}
