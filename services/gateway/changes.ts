// Owns: the writes about an order that runs: paying it and cancelling it.
// I1: paying is decided by the payment service inside the request; the gateway only waits for a payment that is on
// its way.
// I2: who may touch his own orders only is told nothing about another's, which the order service knows.
// I3: cancelling commits a wish only; the saga's undo makes the order Failed, and a payment that came first wins.
import type { Span } from '@ensemble/core'
import {
  allow,
  conflict,
  idempotencyKey,
  idempotent,
  idFromKey,
  ownerFor,
  preferenceApplied,
  problems,
  queuedEnvelope,
  queuedEnvelopeSchema,
  scopeOf,
  tooEarly,
  uuid,
  uuidParam,
  WAIT_SECONDS_MAX,
  waitPreference,
  type Problem,
  type Server,
} from '@ensemble/http'
import type { SagaStatus } from '@ensemble/runtime'
import type { PeerAnswer, PeerRequest } from '@ensemble/service'
import { nameOf, ORDER_STATUS, OrderRow, SagaShown } from '@ensemble/service-contracts'
import * as z from 'zod'
import { problemOfPeer, sagaOfOrder, shown, unknownOrder, WriteHeaders, type Gateway } from './gateway.ts'
import { answerWith, checkHeaders, headersFor, PAYS, requestOf, type Asked, type Replies } from './passing.ts'

/** A script that orders and pays without a pause must work; a person waits no longer than that. */
const PAYMENT_WAIT_MS_MAX = 2_000
const PAYMENT_LOOK_SECONDS = 1
/** Between two looks of the payment service, should one that is older not wait itself. */
const PAYMENT_PAUSE_MS = 50
// The clock ends the wait; this ends it under a clock that stands still.
const PAYMENT_ROUNDS_MAX = (1_000 * WAIT_SECONDS_MAX) / PAYMENT_PAUSE_MS
const RETRY_SECONDS = 1

const VERSIONS = ['v1', 'v2'] as const
/** Keys of different callers never meet. */
const SCOPED = { scope: scopeOf }

/** `PUT payment/:order` and `POST payment`, whose body names the order: both pay that order. */
export function payRoutes(server: Server, gateway: Gateway): void {
  const schema = { hide: true }
  for (const version of VERSIONS) {
    const put = async (request: Asked, reply: Replies): Promise<unknown> =>
      await pay(gateway, {
        request,
        reply,
        method: 'PUT',
        order: uuidParam.safeParse(request.params).data?.uuid,
      })
    const post = async (request: Asked, reply: Replies): Promise<unknown> =>
      await pay(gateway, {
        request,
        reply,
        method: 'POST',
        order: Paying.safeParse(request.body).data?.uuid_order,
      })
    server.put(`/${version}/payment/:uuid`, {
      schema,
      config: PAYS,
      handler: idempotent(gateway.store, put, SCOPED),
    })
    server.post(`/${version}/payment`, {
      schema,
      config: PAYS,
      handler: idempotent(gateway.store, post, SCOPED),
    })
  }
}

const Paying = z.looseObject({ uuid_order: uuid })

interface Payment {
  readonly request: Asked
  readonly reply: Replies
  readonly method: PeerRequest['method']
  /** undefined when the request names none that could be one. */
  readonly order: string | undefined
}

async function pay(gateway: Gateway, { request, reply, method, order }: Payment): Promise<unknown> {
  checkHeaders(request, gateway)
  const { host, clock } = gateway
  const asked = requestOf(request, method)
  const waitSeconds = waitPreference(request)
  const waitEnd = clock.now() + (waitSeconds ?? 0) * 1_000
  const end = Math.max(waitEnd, clock.now() + PAYMENT_WAIT_MS_MAX)
  const { signal } = new AbortController()
  for (let round = 0; ; round += 1) {
    const known = order === undefined ? null : await host.status(sagaOfOrder(order))
    const answer = await askToPay(gateway, asked, known?.status === 'running')
    if (answer.status === 200 && known !== null && waitSeconds !== undefined) {
      const within: Span = `${Math.max(0, waitEnd - clock.now())}ms`
      // The money is booked, whatever can still be learnt of the saga.
      const saga = shown(await host.ended(known.saga, { within }).catch(() => known))
      preferenceApplied(reply, waitSeconds)
      return { ...Envelope.parse(answerWith(reply, answer)), saga }
    }
    if (answer.status !== 404 || order === undefined) return answerWith(reply, answer)
    const status = await statusFor(gateway, request, { order, permission: 'payment:write' })
    refuseUnlessRunning(status, answer)
    if (clock.now() >= end || round > PAYMENT_ROUNDS_MAX) break
    await clock.sleep(PAYMENT_PAUSE_MS, signal)
  }
  throw tooEarly('payment-not-ready', 'The payment of this order is not prepared yet.', RETRY_SECONDS)
}

const Envelope = z.looseObject({})

/** The payment service waits for a payment that is on its way; a while only, because the order may fail meanwhile. */
async function askToPay({ peers }: Gateway, asked: PeerRequest, isComing: boolean): Promise<PeerAnswer> {
  const prefer = `wait=${isComing ? PAYMENT_LOOK_SECONDS : 0}`
  return await peers.request('payment', { ...asked, headers: { ...asked.headers, prefer } })
}

/** There is no payment: because the order is unknown, because it failed, or not yet. */
function refuseUnlessRunning(status: SagaStatus | null, answer: PeerAnswer): void {
  switch (status?.status) {
    case 'running':
      return
    case 'compensated':
      throw conflict('order-failed', 'The order failed; nothing is due.', {
        members: { saga: shown(status) },
      })
    case 'completed':
    case undefined:
      throw problemOfPeer(answer)
  }
}

const Cancelled = queuedEnvelopeSchema(z.object({ uuid_order: uuid })).extend({
  saga: SagaShown.optional().describe('With `Prefer: wait=N`: how far the saga is'),
})
const CANCELLING =
  'Stores the wish that the order be undone. A payment that came first wins: then the order completes. ' +
  'With `Prefer: wait=N` the answer says under `saga` which of the two happened.'
const CANCELS = [
  { path: '/order/:uuid', tag: 'order', action: 'order_delete', summary: 'Cancels an order' },
  {
    path: '/payment/:uuid',
    tag: 'payment',
    action: 'payment_delete',
    summary: 'Cancels the order of a payment',
  },
]

export function cancelRoutes(server: Server, gateway: Gateway): void {
  for (const version of VERSIONS) {
    for (const { path, tag, action, summary } of CANCELS) {
      const response = { 200: Cancelled, ...problems(401, 403, 404, 409, 422, 503) }
      const schema = {
        tags: [tag],
        summary,
        description: CANCELLING,
        headers: WriteHeaders,
        params: uuidParam,
        response,
      }
      server.delete(`/${version}${path}`, {
        schema,
        config: allow('order:write', 'order:own'),
        handler: idempotent<typeof schema>(
          gateway.store,
          async (request, reply) => {
            checkHeaders(request, gateway)
            const envelope = await cancel(gateway, request, { order: request.params.uuid, action })
            const waitSeconds = waitPreference(request)
            if (waitSeconds === undefined) return envelope
            const status = await gateway.host.ended(sagaOfOrder(request.params.uuid), {
              within: `${waitSeconds}s`,
            })
            preferenceApplied(reply, waitSeconds)
            return { ...envelope, saga: shown(status) }
          },
          SCOPED,
        ),
      })
    }
  }
}

async function cancel(
  gateway: Gateway,
  request: Asked & Keyed,
  { order, action }: { order: string; action: string },
) {
  const { host, clock, ids } = gateway
  const saga = sagaOfOrder(order)
  const status = await statusFor(gateway, request, { order, permission: 'order:write' })
  if (status === null) throw unknownOrder()
  if (status.status !== 'running') throw closed(status.status === 'completed' ? 'Complete' : 'Failed')
  await refuseIfFinal(gateway, request, order)
  await host.cancel(saga, { reason: 'cancelled by the customer', by: 'customer' })
  const key = idempotencyKey(request)
  const id = key === undefined ? ids.next() : idFromKey(`${action} ${order}${scopeOf(request)}`, key)
  return queuedEnvelope({ uuid: id, action, data: { uuid_order: order }, createdAt: clock.now() })
}

interface Touched {
  readonly order: string
  /** Who has it may touch all orders. */
  readonly permission: string
}

/**
 * How the saga of an order stands; null: nothing that the caller may know. One that has no order yet may be his.
 * Errors: 403 for another's order.
 */
export async function statusFor(
  { host, peers }: Pick<Gateway, 'host' | 'peers'>,
  request: Asked,
  { order, permission }: Touched,
): Promise<SagaStatus | null> {
  const status = await host.status(sagaOfOrder(order))
  if (status === null || ownerFor(permission, request) === undefined) return status
  const answer = await peers.request('order', orderRead(request, order))
  if (answer.status === 200) return status
  if (answer.status === 404) return status.status === 'running' ? status : null
  throw problemOfPeer(answer)
}

function orderRead(request: Asked, order: string): PeerRequest {
  return { method: 'GET', path: `/v2/order/get/${order}`, headers: headersFor(request) }
}

type Keyed = Parameters<typeof idempotencyKey>[0]

/** An order is final a moment before its saga has ended. */
async function refuseIfFinal({ peers }: Gateway, request: Asked, order: string): Promise<void> {
  const answer = await peers.request('order', orderRead(request, order))
  if (answer.status === 404 && ownerFor('order:write', request) !== undefined) throw notReady()
  if (answer.status === 404) return
  if (answer.status !== 200) throw problemOfPeer(answer)
  const status = nameOf(ORDER_STATUS, OrderRow.parse(answer.body).id_order_status)
  if (status === 'Complete' || status === 'Failed') throw closed(status)
}

/** Nobody can say yet whose order it is. */
function notReady(): Problem {
  return tooEarly('order-not-ready', 'The order is not opened yet.', RETRY_SECONDS)
}

function closed(status: 'Complete' | 'Failed'): Problem {
  return conflict('order-closed', `The order is final: ${status}.`, { members: { order_status: status } })
}
