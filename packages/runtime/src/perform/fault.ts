// Owns: what a fault does: the message is set aside with backoff while the batch goes on. Pure on the picture.
// I1: only a run or an undo that faults changes its operation's row; anything else is set aside as a message.
// I2: a check, compensatable or pivot whose tries are used up is answered `faulted`, for good; a retriable or
// an undo never is.
// I3: what this instance does not know (plan, version, contract) is set aside for a newer one, for ever,
// never a dead letter.
import { backoffMs, pack, TOPIC, type Message, type RetryMessage } from '@ensemble/core'
import { errorInfo } from '../errors.ts'
import { answer, blankRow, note, type Pending, type Shop } from './answer.ts'
import type { Picture } from './picture.ts'
import { watchSaga } from './watch.ts'
import type { RunWork, Work } from './work.ts'

const UNKNOWN_HERE: ReadonlySet<string> = new Set(['PLAN_UNKNOWN', 'CONTRACT_UNKNOWN'])

/** A work that threw. `pending` is how a run would be answered. */
export function fault(
  shop: Shop,
  picture: Picture,
  at: { readonly work: Work; readonly error: unknown; readonly pending: Pending | null },
): void {
  const { work, error, pending } = at
  const info = errorInfo(error)
  if (work.do === 'local') {
    picture.results.set(work.operation, { ok: false, error })
    return
  }
  if (work.do === 'run' && pending !== null && !UNKNOWN_HERE.has(info.code)) {
    faultRun(shop, picture, { work, info, pending })
    return
  }
  setAside(shop, picture, { message: work.message, attempt: work.attempt }, info)
}

function faultRun(
  shop: Shop,
  picture: Picture,
  at: { work: RunWork; info: ReturnType<typeof errorInfo>; pending: Pending },
): void {
  const { work, info, pending } = at
  const { ask } = work
  const attempt = work.attempt + 1
  const certain = ask.direction === 'undo' || ask.kind === 'retriable'
  const usedUp = attempt >= shop.retry.attemptsMax || info.code === 'INPUT_INVALID'
  if (usedUp && !certain) {
    answer(shop, picture, pending, { status: 'faulted', error: info })
    return
  }
  if (pending.row === undefined && isUnknownHere(shop, work)) {
    setAside(shop, picture, { message: work.message, attempt: work.attempt }, info)
    return
  }
  watchSaga(shop, picture, work)
  const row = pending.row ?? blankRow(ask.operation)
  const { owner, key } = pending
  picture.putOperation({ ...row, status: 'set_aside', owner, key, attempt, origin: pack([work.message]) })
  retryLater(shop, picture, work.message, attempt)
  const type = usedUp ? 'parked' : 'retrying'
  note(shop, picture, work, { type, attempt, detail: `${info.code}: ${info.message}` })
}

/** Whoever makes a run's first row sets the saga's deadline with it, which only its plan names. */
function isUnknownHere(shop: Shop, { saga, slip }: RunWork): boolean {
  return slip !== null && shop.plans.known(saga.plan, slip.state) === null
}

/** Sets a message aside, to be tried again for ever with capped backoff. */
export function setAside(
  shop: Shop,
  picture: Picture,
  what: { readonly message: Message; readonly attempt: number },
  info: { readonly code: string; readonly message: string },
): void {
  const attempt = what.attempt + 1
  retryLater(shop, picture, what.message, attempt)
  if (!('saga' in what.message) || what.message.saga === null) return
  const type = attempt >= shop.retry.attemptsMax ? 'parked' : 'retrying'
  const about = { saga: what.message.saga, ask: { operation: what.message.id } }
  note(shop, picture, about, { type, attempt, detail: `${info.code}: ${info.message}` })
}

function retryLater(shop: Shop, picture: Picture, message: Message, attempt: number): void {
  const dueAt = picture.now + backoffMs(shop.retry, attempt, shop.chance())
  const { id, key } = message
  const topic = TOPIC.commands(shop.service)
  const retry: RetryMessage = { type: 'retry', id: `${id}~${attempt}`, topic, key, attempt, message }
  // Copies of one message in a batch fault alike; each setting a retry of its own, they would multiply with
  // every try.
  if (picture.scheduled.some((other) => other.message.id === retry.id)) return
  picture.scheduled.push({ dueAt, message: retry })
}
