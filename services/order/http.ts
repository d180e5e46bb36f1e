// Owns: the order service's own routes: reads of its table, and the change of an order's number.
// Not here: what starts or cancels a saga or reads history (the gateway).
import {
  conflict,
  fingerprint,
  idempotencyKey,
  idFromKey,
  listEnvelope,
  listSchema,
  notFound,
  offsetOf,
  pagination,
  problems,
  uuidParam,
  type Problem,
  type Routes,
} from '@ensemble/http'
import type { OutcomeOf } from '@ensemble/core'
import type { Host } from '@ensemble/runtime'
import { order, OrderChanges, OrderResult, OrderRow } from '@ensemble/service-contracts'
import type { OrderReads } from './order-store.ts'

export interface OrderHttp {
  readonly host: Pick<Host, 'execute'>
  readonly reads: OrderReads
}

type Refusal = Extract<OutcomeOf<(typeof order)['update']['spec']>, { status: 'rejected' }>

export function orderRoutes({ host, reads }: OrderHttp): Routes {
  return (server) => {
    server.get(
      '/v2/order/get/:uuid',
      {
        schema: {
          tags: ['order'],
          summary: 'An order',
          params: uuidParam,
          response: { 200: OrderRow, ...problems(404) },
        },
      },
      async ({ params: { uuid } }) => {
        const found = await reads.get(uuid)
        if (found === undefined) throw unknownOrder()
        return found
      },
    )
    server.get(
      '/v2/order/list',
      {
        schema: {
          tags: ['order'],
          summary: 'Orders, newest first',
          querystring: pagination,
          response: { 200: listSchema(OrderRow) },
        },
      },
      async ({ query }) =>
        listEnvelope(query, await reads.list({ limit: query.limit, offset: offsetOf(query) })),
    )
    for (const version of ['v1', 'v2']) {
      server.put(
        `/${version}/order/:uuid`,
        {
          schema: {
            tags: ['order'],
            summary: 'Changes the number of an order that is not final',
            params: uuidParam,
            body: OrderChanges,
            response: { 200: OrderResult, ...problems(404, 409, 422) },
          },
        },
        async (request) => {
          const input = { orderId: request.params.uuid, orderNumber: request.body.order_number }
          const outcome = await host.execute(order.update, input, repeatable(request))
          if (outcome.status === 'rejected') throw problemOf(outcome)
          return outcome.output
        },
      )
    }
  }
}

/** The same key with the same content is the same operation, whose stored outcome answers. */
function repeatable(request: Parameters<typeof idempotencyKey>[0] & Asked): { readonly operation?: string } {
  const key = idempotencyKey(request)
  if (key === undefined) return {}
  const { method, url: path, body } = request
  return { operation: `http/${idFromKey(fingerprint({ method, path, body }), key)}` }
}

interface Asked {
  readonly method: string
  readonly url: string
  readonly body: unknown
}

function unknownOrder(): Problem {
  return notFound('unknown-order', 'There is no order with this uuid.')
}

function problemOf(refusal: Refusal): Problem {
  const members = { rejection: refusal.rejection, data: refusal.data }
  switch (refusal.rejection) {
    case 'unknown_order':
      return unknownOrder()
    case 'order_closed':
      return conflict('order-closed', `The order is final: ${refusal.data.status}.`, { members })
    case 'duplicate_number':
      return conflict('duplicate-number', 'This user has another order with this number.', { members })
    default:
      return refusal satisfies never
  }
}
