// Owns: what the gateway's routes are given, and the words that several of them need.
import type { Pattern } from '@ensemble/core'
import { notFound, problem, type IdempotencyStore, type Problem } from '@ensemble/http'
import type { Clock, Host, Ids, SagaStatus } from '@ensemble/runtime'
import type { PeerAnswer, Peers } from '@ensemble/service'
import { placeOrder, registerUser, type SagaShown } from '@ensemble/service-contracts'
import * as z from 'zod'

export interface Gateway {
  readonly host: Pick<Host, 'start' | 'status' | 'ended' | 'cancel'>
  readonly peers: Peers
  readonly clock: Clock
  readonly ids: Pick<Ids, 'next'>
  /** No new sagas until readers have caught up. */
  readonly isBusFull: () => boolean
  /** Of a saga whose request names none. */
  readonly pattern: Pattern
  /** Most streams of events at a time. */
  readonly eventStreamsMax: () => number
  /** Answers of writes that start no saga. */
  readonly store: IdempotencyStore
}

export function sagaOfUser(uuid: string): { readonly plan: string; readonly id: string } {
  return { plan: registerUser.name, id: uuid }
}

export function sagaOfOrder(uuid: string): { readonly plan: string; readonly id: string } {
  return { plan: placeOrder.name, id: uuid }
}

/** For the document only: the parsers of @ensemble/http decide what is usable. */
export const WriteHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .optional()
    .describe('The same key with the same body is the same write: its first answer is given again'),
  'saga-pattern': z
    .string()
    .optional()
    .describe('orchestration or choreography, for a saga that starts here'),
  prefer: z.string().optional().describe('wait=N: answer when the saga has ended, at most N seconds later'),
})

export function shown({ saga, status, data }: SagaStatus): z.infer<typeof SagaShown> {
  return { plan: saga.plan, id: saga.id, pattern: saga.pattern, status, data }
}

const Told = z.looseObject({ code: z.string(), detail: z.string() })
/** Written anew, for the request as it was asked here. */
const STANDARD_MEMBERS = new Set(['type', 'title', 'status', 'detail', 'instance', 'code', 'request_id'])

/** The problem that a peer answered with, to be answered again. */
export function problemOfPeer({ status, headers, body }: PeerAnswer): Problem {
  const told = Told.safeParse(body)
  const retryAfter = headers['retry-after']
  const extra = {
    members: Object.fromEntries(
      Object.entries(told.data ?? {}).filter(([name]) => !STANDARD_MEMBERS.has(name)),
    ),
    ...(retryAfter !== undefined && { headers: { 'retry-after': retryAfter } }),
  }
  const { code = 'peer-failed', detail = 'A service behind the gateway failed.' } = told.data ?? {}
  return problem(status, code, detail, extra)
}

export function unknownOrder(): Problem {
  return notFound('unknown-order', 'There is no order with this uuid.')
}
