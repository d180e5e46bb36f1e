// Owns: running an aggregate's rule on the picture and applying the change it returns. Pure.
// I1: a rule sees the rows as the batch has left them so far; a row that was not loaded stops the pass, not
// the rule.
// I2: a change is applied whole or, when it is refused, not at all.
import { TOPIC, type SagaRef } from '@ensemble/core'
import { EnsembleError } from '../errors.ts'
import type { AggregateContext, AggregateGroup, AnyRule, Change, HandlerContext } from '../handlers.ts'
import type { OperationRow } from '../ports.ts'
import { answer, type Pending, type Shop } from './answer.ts'
import { messagesOf } from './operation.ts'
import type { Picture } from './picture.ts'

export interface RuleCall {
  readonly group: AggregateGroup
  readonly rule: AnyRule
  readonly decide: AnyRule['decide']
  readonly input: unknown
  readonly operation: string
  readonly saga: SagaRef | null
  readonly extra?: Readonly<Record<string, unknown>>
}

type AnyChange = Change<
  unknown,
  Readonly<Record<string, unknown>>,
  unknown,
  ReturnType<AnyRule['decide']>['outcome']
>

/** The rule's change, or null when rows it needs are not loaded yet (they are noted as missing). */
export function runRule(
  picture: Picture,
  call: RuleCall,
): { readonly key: string; readonly change: AnyChange } | null {
  const { group, rule, input, operation, saga } = call
  const key = rule.key(input)
  if (!picture.has(group.rows, key)) return null
  const state = picture.row(group.rows, key)
  const needs = rule.needs?.(input, state) ?? {}
  const related: Record<string, unknown> = {}
  let complete = true
  for (const [name, relatedKey] of Object.entries(needs.related ?? {})) {
    const table = group.related[name]
    if (table === undefined || relatedKey === undefined) continue
    complete = picture.has(table, relatedKey) && complete
    related[name] = picture.row(table, relatedKey)
  }
  for (const claim of needs.claims ?? []) complete = picture.hasClaim(claim) && complete
  if (!complete) return null
  const base: HandlerContext = { now: picture.now, operation, saga }
  const context: AggregateContext<Readonly<Record<string, unknown>>> = {
    ...base,
    related,
    holder: (claim) => picture.holder(claim),
    deferred: picture
      .deferredOf(group.name, key)
      .map((row) => ({ operation: row.id, request: requestOf(row) })),
    ...call.extra,
  }
  return { key, change: call.decide(state, input, context) }
}

/** The key of an input, null when it has none. */
export function keyOrNull(rule: Pick<AnyRule, 'key'>, input: unknown): string | null {
  try {
    return rule.key(input)
  } catch {
    return null
  }
}

/**
 * Writes a change into the picture. Errors: CLAIM_TAKEN, OPERATION_UNKNOWN, OPERATION_SETTLED,
 * HOST_MISCONFIGURED; nothing is applied then.
 */
export function applyChange(
  shop: Shop,
  picture: Picture,
  call: RuleCall & { readonly key: string },
  change: AnyChange,
): void {
  const { group, key } = call
  const settling = (change.settlements ?? []).map(({ operation, outcome }) => ({
    pending: deferredPending(shop, picture, operation),
    outcome,
  }))
  const owner = `${group.name}/${key}`
  // What the rule did not name before is loaded now, and the pass made again.
  for (const value of [...(change.release ?? []), ...(change.claim ?? [])]) picture.hasClaim(value)
  for (const value of change.claim ?? []) {
    const holder = picture.holder(value)
    const freed = change.release?.includes(value) === true
    if (holder !== null && holder !== owner && !freed)
      throw new EnsembleError('CLAIM_TAKEN', `'${value}' is claimed by '${holder}'`)
  }
  const relatedKeys = call.rule.needs?.(call.input, picture.row(group.rows, key))?.related ?? {}
  const homeless = Object.entries(change.related ?? {}).find(
    ([name, state]) => state !== undefined && relatedKeys[name] === undefined,
  )
  if (homeless !== undefined) {
    throw new EnsembleError(
      'HOST_MISCONFIGURED',
      `aggregate '${group.name}' changed the related '${homeless[0]}', which its rule did not name in 'needs'`,
    )
  }
  if ((change.entries ?? []).length > 0 && group.entries === null) {
    throw new EnsembleError('HOST_MISCONFIGURED', `aggregate '${group.name}' declares no entries`)
  }
  const state = stateToWrite(picture, call, change)
  if (state !== undefined) picture.putRow(group.rows, key, state)
  for (const [name, state] of Object.entries(change.related ?? {})) {
    const table = group.related[name]
    const relatedKey = relatedKeys[name]
    if (table !== undefined && relatedKey !== undefined && state !== undefined)
      picture.putRow(table, relatedKey, state)
  }
  picture.append(group, change.entries ?? [])
  for (const value of change.release ?? []) picture.release(value)
  for (const value of change.claim ?? []) picture.claim(value, owner)
  sendOwn(shop, picture, call, change)
  for (const { pending, outcome } of settling) answer(shop, picture, pending, outcome)
}

/**
 * Whoever settles looks for what waits at this row. Both write the row, so that they meet: a snapshot that is older
 * than the deferral (REPEATABLE READ) does not show it, and a row that is not there cannot be locked.
 */
function stateToWrite(
  picture: Picture,
  { group, key }: RuleCall & { readonly key: string },
  { state, outcome }: AnyChange,
): unknown {
  if (state !== undefined || outcome.status !== 'deferred') return state
  const present = picture.row(group.rows, key)
  if (present === undefined)
    throw new EnsembleError(
      'HOST_MISCONFIGURED',
      `aggregate '${group.name}' defers at '${key}', where there is no row: return a state, too`,
    )
  return present
}

function sendOwn(
  shop: Shop,
  picture: Picture,
  call: RuleCall & { readonly key: string },
  change: AnyChange,
): void {
  const { saga, key } = call
  // One operation is decided at most twice: when it is asked and when it is withdrawn.
  const operation = call.extra === undefined ? call.operation : `${call.operation}!withdraw`
  for (const { name, at, data } of change.timers ?? []) {
    const id = `${operation}@${name}~${at}`
    picture.scheduled.push({
      dueAt: at,
      message: { type: 'timer', id, topic: TOPIC.commands(shop.service), key, name, at, data, saga },
    })
  }
  for (const [index, { name, data }] of (change.events ?? []).entries()) {
    picture.messages.push({
      type: 'event',
      id: `${operation}#${name}~${index}`,
      topic: TOPIC.events(shop.service),
      key,
      name,
      source: shop.service,
      at: picture.now,
      data,
      saga,
      operation: null,
      answer: null,
      slip: null,
      again: 0,
    })
  }
}

/** How a deferred operation will be answered. Errors: OPERATION_UNKNOWN, OPERATION_SETTLED. */
function deferredPending(shop: Shop, picture: Picture, operation: string): Pending {
  const row = picture.operation(operation)
  if (row === undefined) throw new EnsembleError('OPERATION_UNKNOWN', `no operation '${operation}' is stored`)
  if (row.status !== 'deferred')
    throw new EnsembleError('OPERATION_SETTLED', `operation '${operation}' is ${row.status} already`)
  const pending = pendingOf(shop, row)
  if (pending.slip !== null) shop.plans.find(pending.saga.plan, pending.slip.state)
  return pending
}

/** How the operation of a stored row will be answered, from the message that asked for it. */
export function pendingOf(shop: Shop, row: OperationRow): Pending {
  const origin = messagesOf(row.origin)[0]
  const { owner, key, wish } = row
  if (origin?.type === 'command') {
    const { saga, ask } = origin
    return { ref: shop.refOf(ask.request), saga, ask, slip: null, wish, owner, key, row, origin }
  }
  if ((origin?.type === 'event' || origin?.type === 'start') && origin.slip !== null) {
    const { slip } = origin
    return {
      ref: shop.refOf(slip.ask.request),
      saga: slip.state.saga,
      ask: slip.ask,
      slip,
      wish,
      owner,
      key,
      row,
      origin,
    }
  }
  throw new EnsembleError('OPERATION_UNKNOWN', `operation '${row.id}' holds no message that asked for it`)
}

function requestOf(row: OperationRow): string {
  const origin = messagesOf(row.origin)[0]
  if (origin?.type === 'command') return origin.ask.request
  if (origin?.type === 'event' || origin?.type === 'start') return origin.slip?.ask.request ?? ''
  return ''
}
