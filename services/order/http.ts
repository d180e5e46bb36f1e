// Owns: the order service's own routes: reads of its table, and the change of an order's number.
// Not here: what starts or cancels a saga or reads history (the gateway).
import {
  allow,
  conflict,
  notFound,
  ownerFor,
  problems,
  refuseOthers,
  uuidParam,
  type Called,
  type Problem,
  type Routes,
} from '@ensemble/http'
import type { OutcomeOf } from '@ensemble/core'
import type { Host } from '@ensemble/runtime'
import { readRoutes, repeatable } from '@ensemble/service/http'
import { order, OrderChanges, OrderResult, OrderRow } from '@ensemble/service-contracts'
import type { OrderReads } from './order-store.ts'

export interface OrderHttp {
  readonly host: Pick<Host, 'execute'>
  readonly reads: OrderReads
  /** As fresh as what is written: whose an order is is decided by it. */
  readonly orders: Pick<OrderReads, 'get'>
}

type Refusal = Extract<OutcomeOf<(typeof order)['update']['spec']>, { status: 'rejected' }>

export function orderRoutes({ host, reads, orders }: OrderHttp): Routes {
  return (server) => {
    readRoutes(server, {
      reads,
      row: OrderRow,
      tag: 'order',
      ownerOf: ({ uuid_user: userId }) => userId,
      one: { path: '/v2/order/get/:uuid', summary: 'An order', unknown: unknownOrder },
      list: { paths: ['/v2/order/list'], summary: 'Orders, newest first' },
    })
    for (const version of ['v1', 'v2']) {
      server.put(
        `/${version}/order/:uuid`,
        {
          schema: {
            tags: ['order'],
            summary: 'Changes the number of an order that is not final',
            params: uuidParam,
            body: OrderChanges,
            response: { 200: OrderResult, ...problems(401, 403, 404, 409, 422) },
          },
          config: allow('order:write', 'order:own'),
        },
        async (request) => {
          await refuseOthersOrder(orders, request, request.params.uuid)
          const input = { orderId: request.params.uuid, orderNumber: request.body.order_number }
          const outcome = await host.execute(order.update, input, repeatable(request))
          if (outcome.status === 'rejected') throw problemOf(outcome)
          return outcome.output
        },
      )
    }
  }
}

async function refuseOthersOrder(
  orders: OrderHttp['orders'],
  request: Called,
  orderId: string,
): Promise<void> {
  if (ownerFor('order:write', request) === undefined) return
  const found = await orders.get(orderId)
  if (found === undefined) throw unknownOrder()
  refuseOthers('order:write', request, found.uuid_user)
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
