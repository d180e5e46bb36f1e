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
  type Ids,
  type Problem,
  type Routes,
} from '@ensemble/http'
import type { InputOf, OutcomeOf, RequestRef, RequestSpec } from '@ensemble/core'
import { order, OrderChanges, OrderResult, OrderRow } from '@ensemble/service-contracts'
import type { OrderReads } from './order-store.ts'

export interface Executor {
  execute<S extends RequestSpec>(
    ref: RequestRef<S>,
    input: InputOf<S>,
    options?: { readonly operation?: string },
  ): Promise<OutcomeOf<S>>
}

export interface OrderHttp {
  readonly host: Executor
  readonly reads: OrderReads
  readonly ids: Ids
}

type Refusal = Extract<OutcomeOf<(typeof order)['update']['spec']>, { status: 'rejected' }>

export function orderRoutes({ host, reads, ids }: OrderHttp): Routes {
  return (server) => {
    server.get(
      '/v2/order/get/:uuid',
      { schema: { tags: ['order'], summary: 'An order', params: uuidParam, response: { 200: OrderRow, ...problems(404) } } },
      async ({ params: { uuid } }) => {
        const found = await reads.get(uuid)
        if (found === undefined) throw unknownOrder()
        return found
      },
    )
    server.get(
      '/v2/order/list',
      { schema: { tags: ['order'], summary: 'Orders, newest first', querystring: pagination, response: { 200: listSchema(OrderRow) } } },
      async ({ query }) => listEnvelope(query, await reads.list({ limit: query.limit, offset: offsetOf(query) })),
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
          const { method, url: path, body, params } = request
          const key = idempotencyKey(request)
          const operation = `http/${key === undefined ? ids.uuid() : idFromKey(fingerprint({ method, path, body }), key)}`
          const input = { orderId: params.uuid, orderNumber: body.order_number }
          const outcome = await host.execute(order.update, input, { operation })
          if (outcome.status === 'rejected') throw problemOf(outcome)
          return outcome.output
        },
      )
    }
  }
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
