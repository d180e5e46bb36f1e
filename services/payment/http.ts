// Owns: the payment service's own routes: reads of its table, and taking money.
// Not here: history reads (the gateway).
// I1: an envelope answers a committed decision; a refusal answers 404 or 409 and changed nothing.
import type { InputOf, OutcomeOf } from '@ensemble/core'
import {
  allow,
  conflict,
  notFound,
  ownerFor,
  problems,
  queuedEnvelope,
  queuedEnvelopeSchema,
  refuseOthers,
  uuidParam,
  waitPreference,
  type Called,
  type Problem,
  type Routes,
  type Server,
} from '@ensemble/http'
import type { Clock, Host, Ids } from '@ensemble/runtime'
import { operationOf, readRoutes, workId } from '@ensemble/service/http'
import {
  Moment,
  momentOf,
  nameOf,
  payment,
  PAYMENT_STATUS,
  PaymentRequest,
  PaymentRow,
  PayRequest,
  SagaShown,
} from '@ensemble/service-contracts'
import * as z from 'zod'
import type { Arrivals } from './arrivals.ts'
import type { PaymentReads } from './payment-store.ts'
import type { Reconciliation, Reconciliations } from './reconciliation-store.ts'

export interface PaymentHttp {
  readonly host: Pick<Host, 'execute'>
  readonly reads: PaymentReads
  /** As fresh as what is written: whether an order can be paid is decided by it. */
  readonly payments: Pick<PaymentReads, 'get'>
  readonly reconciliations: Pick<Reconciliations, 'last'>
  readonly clock: Clock
  readonly ids: Pick<Ids, 'next'>
  readonly arrivals: Pick<Arrivals, 'within'>
}

type Pay = InputOf<(typeof payment)['pay']['spec']>
type Refusal = Extract<OutcomeOf<(typeof payment)['pay']['spec']>, { status: 'rejected' }>

const Paid = queuedEnvelopeSchema(
  z.object({
    uuid_order: z.string(),
    payment_total: z.string(),
    payment_status: z
      .string()
      .describe('Decided from the amounts: Waiting while a part is missing, then Paid'),
    bank_account_number: z.string(),
  }),
).extend({
  saga: SagaShown.optional().describe(
    'Of the gateway, with `Prefer: wait=N`: how far the saga of the order is',
  ),
})

const PAYING =
  'With `Prefer: wait=N` a payment that is still being prepared is waited for, at most N seconds; the gateway then ' +
  'waits for what is left of them until the saga of the order has ended, and the answer says under `saga` how.'
const headers = z.looseObject({
  prefer: z.string().optional().describe('wait=N: see the description; at most N seconds'),
})

const Reconciled = z.object({
  begun_at: Moment,
  ended_at: Moment.nullable().describe('Null while the first one runs'),
  late: z.int().describe('Payments of which something was late when it was looked for last'),
  sent_again: z.int().describe('Of those, whose stored answer was sent again'),
  closed: z.int().describe('Of those, whose due date had passed without anybody closing them'),
  unhealed: z.int().describe('Of those, for which nothing could be done'),
})

const response = { 200: Paid, ...problems(401, 403, 404, 409, 422) }
const WRITE = allow('payment:write', 'payment:own')

export function paymentRoutes(http: PaymentHttp): Routes {
  return (server) => {
    readRoutes(server, {
      reads: http.reads,
      row: PaymentRow,
      tag: 'payment',
      ownerOf: ({ uuid_user: userId }) => userId,
      one: { path: '/v2/payment/get/:uuid', summary: 'A payment', unknown: unknownPayment },
      list: { paths: ['/v1/payment/list', '/v2/payment/list'], summary: 'Payments, newest first' },
    })
    reconciliationRoute(server, http)
    for (const version of ['v1', 'v2']) payRoutes(server, http, version)
  }
}

function reconciliationRoute(server: Server, { reconciliations }: PaymentHttp): void {
  server.get(
    '/v2/payment/reconciliation',
    {
      schema: {
        tags: ['payment'],
        summary: 'The last look for payments whose order missed a message',
        response: { 200: Reconciled, ...problems(401, 403, 404) },
      },
      config: allow('payment:read'),
    },
    async () => {
      const last = await reconciliations.last()
      if (last === undefined) throw notFound('not-reconciled', 'Nobody has looked yet.')
      return reconciledOf(last)
    },
  )
}

function reconciledOf({ begunAt, endedAt, late, sent, closed, unhealed }: Reconciliation) {
  return {
    begun_at: momentOf(begunAt),
    ended_at: endedAt === null ? null : momentOf(endedAt),
    late,
    sent_again: sent,
    closed,
    unhealed,
  }
}

function payRoutes(server: Server, http: PaymentHttp, version: string): void {
  server.put(
    `/${version}/payment/:uuid`,
    {
      schema: {
        tags: ['payment'],
        summary: 'Pays an order',
        description: PAYING,
        headers,
        params: uuidParam,
        body: PayRequest,
        response,
      },
      config: WRITE,
    },
    async (request) => {
      const { payment_total: amount, bank_account_number: bankAccountNumber = '' } = request.body
      const input: Pay = {
        orderId: request.params.uuid,
        amount,
        bankAccountNumber,
        userId: null,
        paymentModelId: null,
      }
      return pay(http, { action: 'payment_order', uuid: workId(request) ?? http.ids.next(), input, request })
    },
  )
  server.post(
    `/${version}/payment`,
    {
      schema: {
        tags: ['payment'],
        summary: 'Pays an order whose owner and payment model the body names',
        description: PAYING,
        headers,
        body: PaymentRequest,
        response,
      },
      config: WRITE,
    },
    async (request) => {
      const { body } = request
      refuseOthers('payment:write', request, body.uuid_user)
      const input: Pay = {
        orderId: body.uuid_order,
        amount: body.payment_total,
        bankAccountNumber: body.bank_account_number ?? '',
        userId: body.uuid_user,
        paymentModelId: body.id_payment_model,
      }
      return pay(http, { action: 'payment_save', uuid: workId(request) ?? http.ids.next(), input, request })
    },
  )
}

async function pay(
  http: PaymentHttp,
  what: { readonly action: string; readonly uuid: string; readonly input: Pay; readonly request: Called },
) {
  const { action, uuid, input, request } = what
  const { host, clock, arrivals } = http
  if (!(await arrivals.within(input.orderId, (waitPreference(request) ?? 0) * 1_000))) throw unknownOrder()
  await refuseOthersPayment(http, request, input.orderId)
  // The envelope's id is the operation's too, so that the event of the payment can be found by the envelope.
  const outcome = await host.execute(payment.pay, input, { operation: operationOf(uuid) })
  if (outcome.status === 'rejected') throw problemOf(outcome)
  const data = {
    uuid_order: input.orderId,
    payment_total: String(input.amount),
    payment_status: nameOf(PAYMENT_STATUS, outcome.output.id_payment_status),
    bank_account_number: input.bankAccountNumber,
  }
  return queuedEnvelope({ uuid, action, data, createdAt: clock.now() })
}

async function refuseOthersPayment(
  { payments }: PaymentHttp,
  request: Called,
  orderId: string,
): Promise<void> {
  if (ownerFor('payment:write', request) === undefined) return
  const found = await payments.get(orderId)
  if (found === undefined) throw unknownOrder()
  refuseOthers('payment:write', request, found.uuid_user)
}

function unknownPayment(): Problem {
  return notFound('unknown-payment', 'There is no payment with this uuid.')
}

function unknownOrder(): Problem {
  return notFound('unknown-order', 'There is no payment for an order with this uuid.')
}

function problemOf(refusal: Refusal): Problem {
  const members = { rejection: refusal.rejection, data: refusal.data }
  switch (refusal.rejection) {
    case 'unknown_order':
      return unknownOrder()
    case 'settled':
      return conflict('payment-settled', 'The order is paid already.', { members })
    case 'expired':
      return conflict('payment-expired', `The payment was due ${refusal.data.due_date}.`, { members })
    case 'cancelled':
      return conflict('payment-cancelled', 'The payment was cancelled.', { members })
    case 'mismatch':
      return conflict('payment-mismatch', `The order's payment has another ${refusal.data.field}.`, {
        members,
      })
    default:
      return refusal satisfies never
  }
}
