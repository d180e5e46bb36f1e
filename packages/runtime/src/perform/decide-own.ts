// Owns: what a service's own work does to the picture: events it follows, its timers, its own calls, and parked
// decisions made again. Pure.
import { pack, type Outcome, type RequestRef } from '@ensemble/core'
import { answerEvent } from '../letters.ts'
import { answer, blankRow, type Shop } from './answer.ts'
import { ruleOf } from './decide-run.ts'
import { sentEvent } from './operation.ts'
import { buryOld, type Said, type TransactionCall } from './pending.ts'
import type { Picture } from './picture.ts'
import { applyChange, pendingOf, runRule, type RuleCall } from './rules.ts'
import { validInput, type FollowWork, type LocalWork, type ResumeWork } from './work.ts'

export function decideFollow(shop: Shop, picture: Picture, work: FollowWork): void {
  if (picture.operation(work.operation) !== undefined) return
  const { handler, operation, saga, input, sentAt, message } = work
  if (sentAt < picture.loaded.horizon) {
    buryOld(shop, picture, { id: operation, message, issuedAt: sentAt })
    return
  }
  if (!input.ok) {
    const { id, topic } = message
    const detail = `event ${handler.name}: ${input.problems.join('; ')}`
    picture.deadLetters.push({
      id: operation,
      topic,
      reason: 'EVENT_INVALID',
      detail,
      text: pack([message]),
    })
    picture.putOperation({ ...blankRow(operation), key: id, status: 'rejected' })
    return
  }
  const call: RuleCall = {
    group: handler.group,
    rule: handler.rule,
    decide: handler.rule.decide,
    input: input.value,
    operation,
    saga,
  }
  const ran = runRule(picture, call)
  if (ran === null) return
  applyChange(shop, picture, { ...call, key: ran.key }, ran.change)
  picture.putOperation({ ...blankRow(operation), owner: handler.group.name, key: ran.key })
}

export function decideLocal(shop: Shop, picture: Picture, work: LocalWork): TransactionCall | null {
  const { handler, operation, saga } = work
  const before = picture.operation(operation)
  const answered = before === undefined ? null : (sentEvent(before)?.answer ?? null)
  if (answered?.status === 'succeeded' || answered?.status === 'rejected') {
    picture.results.set(operation, { ok: true, outcome: answered })
    return null
  }
  const input = validInput(handler.ref, work.input)
  const publish = (key: string, outcome: Said | { readonly status: 'withdrawn' }): void => {
    const told = localOutcome(handler.ref, outcome)
    picture.results.set(operation, { ok: true, outcome: told })
    if (handler.ref.spec.kind === 'query') return
    const event = answerEvent({ ref: handler.ref, operation, saga, key }, told, {
      at: picture.now,
      slip: null,
    })
    if (told.status === 'succeeded') picture.messages.push({ ...event, operation: null, answer: null })
    if (work.stored)
      picture.putOperation({ ...blankRow(operation), status: told.status, key, sent: pack([event]) })
  }
  if (handler.form === 'aggregate') {
    const call: RuleCall = { ...ruleOf(handler), input, operation, saga }
    const ran = runRule(picture, call)
    if (ran === null) return null
    localOutcome(handler.ref, ran.change.outcome)
    applyChange(shop, picture, { ...call, key: ran.key }, ran.change)
    publish(ran.key, ran.change.outcome)
    return null
  }
  if (handler.form === 'effect')
    throw new TypeError(`${handler.ref.request} is an effect: ask for it in a saga`)
  const accepts = (said: Said): void => void localOutcome(handler.ref, said)
  return { handler, input, operation, saga, accepts, conclude: (said) => publish(operation, said) }
}

/** Only an outcome that is known can be told to a caller. */
function localOutcome(ref: RequestRef, outcome: Said | { readonly status: 'withdrawn' }): Outcome {
  if (outcome.status === 'succeeded' || outcome.status === 'rejected') return outcome
  throw new TypeError(`${ref.request} cannot be called locally: it answered ${outcome.status}`)
}

/** Makes a parked decision again. A repeated timer is of an earlier try: it must not set another one. */
export function decideResume(shop: Shop, picture: Picture, work: ResumeWork): void {
  const row = picture.operation(work.operation)
  if (row === undefined || row.parked === null || row.origin === null) return
  if (work.tried !== null && work.tried !== row.attempt) return
  const said = sentEvent(row)?.answer ?? null
  if (said === null || said.status === 'accepted') return
  answer(shop, picture, pendingOf(shop, row), said)
}
