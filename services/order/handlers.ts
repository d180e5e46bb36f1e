// Owns: which rule answers which request of the order contract, and which events it follows. Decides nothing.
// I1: every claim that a rule takes or releases is named in its needs, so that it is locked before the operations.
import { eventNames } from '@ensemble/core'
import { aggregate, implement, type Implementation, type Rows } from '@ensemble/runtime'
import { order, payment, PaymentResult } from '@ensemble/service-contracts'
import * as rules from './order.ts'
import { numberClaim, type Order } from './order.ts'

export function orderImplementation(tables: { readonly orders: Rows<Order> }): Implementation {
  const orders = aggregate<Order>({ rows: tables.orders })
  const key = ({ orderId }: { readonly orderId: string }): string => orderId
  const keyOfEvent = ({ uuid_order: orderId }: PaymentResult): string => orderId
  const ownNumber = (_input: unknown, state: Order | undefined) =>
    state === undefined ? {} : { claims: [numberClaim(state)] }
  return implement(
    order,
    {
      open: orders.on(order.open, {
        key,
        needs: (input) => ({ claims: [numberClaim(input)] }),
        decide: rules.open,
      }),
      fail: orders.on(order.fail, { key, needs: ownNumber, decide: rules.fail }),
      complete: orders.on(order.complete, { key, decide: rules.complete }),
      update: orders.on(order.update, {
        key,
        needs: ({ orderNumber }, state) =>
          state === undefined
            ? {}
            : { claims: [numberClaim(state), numberClaim({ userId: state.userId, orderNumber })] },
        decide: rules.update,
      }),
    },
    {
      follows: [
        orders.follow(eventNames.succeeded(payment.prepare), PaymentResult, {
          key: keyOfEvent,
          decide: rules.follow('Process'),
        }),
        orders.follow(eventNames.succeeded(payment.collect), PaymentResult, {
          key: keyOfEvent,
          decide: rules.follow('Waiting'),
        }),
      ],
    },
  )
}
