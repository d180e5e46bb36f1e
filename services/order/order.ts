// Owns: the rules about one order. Pure. Does not own: who asks (handlers.ts), tables (order-store.ts), money.
// I1: Pending < Process < Waiting < Complete, forward only; Complete and Failed are final. Late events change nothing.
// I2: a number belongs to at most one order of its user that has not failed: it is claimed until the order fails.
// I3: Process and Waiting show what payment has told; only the saga's own commands end an order.
import { rejected, succeeded, type OutcomeOf, type Succeeded, type Time } from '@ensemble/core'
import type { AggregateContext, Change } from '@ensemble/runtime'
import {
  momentOf,
  nameIn,
  ORDER_STATUS,
  ORDER_STATUS_UPDATED,
  ORDER_TYPE,
  type order,
  type OrderResult,
  type OrderStatus,
  type OrderType,
} from '@ensemble/service-contracts'

export interface Order {
  readonly uuid: string
  readonly orderNumber: string
  readonly userId: string
  readonly type: OrderType
  readonly status: OrderStatus
  readonly createdAt: Time
  readonly updatedAt: Time
  /** As it was read; 0 for a new row. */
  readonly version: number
}

type Context = Pick<AggregateContext<Record<never, never>>, 'now' | 'holder'>
type Changed<Request extends keyof typeof order> = Change<
  Order,
  unknown,
  never,
  OutcomeOf<(typeof order)[Request]['spec']>
>

export interface OpenOrder {
  readonly orderId: string
  readonly orderNumber: string
  readonly userId: string
  readonly orderTypeId: string
  /** Checked, but the status of a new order is Pending whatever it says. */
  readonly orderStatusId: string | null
}

export function numberClaim(of: { readonly userId: string; readonly orderNumber: string }): string {
  return `number:${of.userId}:${of.orderNumber}`
}

export function open(state: Order | undefined, input: OpenOrder, context: Context): Changed<'open'> {
  const { orderId, orderNumber, userId, orderTypeId, orderStatusId } = input
  if (state !== undefined) throw new Error(`order ${orderId} exists already`)
  const type = nameIn(ORDER_TYPE, orderTypeId)
  if (type === undefined) return { outcome: rejected('unknown_type', { id_order_type: orderTypeId }) }
  if (orderStatusId !== null && nameIn(ORDER_STATUS, orderStatusId) === undefined) {
    return { outcome: rejected('unknown_status', { id_order_status: orderStatusId }) }
  }
  if (context.holder(numberClaim(input)) !== null) {
    return { outcome: rejected('duplicate_number', { order_number: orderNumber }) }
  }
  const { now } = context
  const next: Order = {
    uuid: orderId,
    orderNumber,
    userId,
    type,
    status: 'Pending',
    createdAt: now,
    updatedAt: now,
    version: 0,
  }
  return { outcome: succeeded(resultOf(next)), state: next, claim: [numberClaim(next)] }
}

/** Undoes the opening. The number is free again. */
export function fail(state: Order | undefined, _input: unknown, context: Context): Changed<'fail'> {
  if (state === undefined) return { outcome: succeeded(null) }
  if (state.status === 'Failed') return { outcome: succeeded(resultOf(state)) }
  if (state.status === 'Complete') throw new Error(`order ${state.uuid} is complete and cannot fail`)
  const next = moved(state, 'Failed', context.now)
  return { outcome: succeeded(resultOf(next)), state: next, release: [numberClaim(state)] }
}

export function complete(
  state: Order | undefined,
  input: { readonly orderId: string },
  context: Context,
): Changed<'complete'> {
  if (state === undefined) throw new Error(`order ${input.orderId} does not exist and cannot be completed`)
  if (state.status === 'Failed') throw new Error(`order ${state.uuid} has failed and cannot be completed`)
  if (state.status === 'Complete') return { outcome: succeeded(resultOf(state)) }
  const next = moved(state, 'Complete', context.now)
  return { outcome: succeeded(resultOf(next)), state: next }
}

export function update(
  state: Order | undefined,
  input: { readonly orderId: string; readonly orderNumber: string },
  context: Context,
): Changed<'update'> {
  const { orderId, orderNumber } = input
  if (state === undefined) return { outcome: rejected('unknown_order', { uuid_order: orderId }) }
  const { status } = state
  if (status === 'Complete' || status === 'Failed') {
    return { outcome: rejected('order_closed', { uuid_order: orderId, status }) }
  }
  if (orderNumber === state.orderNumber) return { outcome: succeeded(resultOf(state)) }
  const next: Order = { ...state, orderNumber, updatedAt: context.now }
  if (context.holder(numberClaim(next)) !== null) {
    return { outcome: rejected('duplicate_number', { order_number: orderNumber }) }
  }
  const claims = { claim: [numberClaim(next)], release: [numberClaim(state)] }
  return { outcome: succeeded(resultOf(next)), state: next, ...claims }
}

const RANK: Readonly<Record<OrderStatus, number>> = {
  Pending: 0,
  Process: 1,
  Waiting: 2,
  Complete: 3,
  Failed: 3,
}

/** Follows what payment told, if the order is not further already. */
export function follow(
  to: 'Process' | 'Waiting',
): (
  state: Order | undefined,
  input: unknown,
  context: Pick<Context, 'now'>,
) => Change<Order, unknown, never, Succeeded> {
  return (state, _input, { now }) => {
    if (state === undefined || RANK[state.status] >= RANK[to]) return { outcome: succeeded() }
    const next = moved(state, to, now)
    return {
      outcome: succeeded(),
      state: next,
      events: [{ name: ORDER_STATUS_UPDATED, data: resultOf(next) }],
    }
  }
}

export function resultOf(state: Order): OrderResult {
  return {
    uuid: state.uuid,
    order_number: state.orderNumber,
    uuid_user: state.userId,
    id_order_type: ORDER_TYPE[state.type],
    id_order_status: ORDER_STATUS[state.status],
    created_at: momentOf(state.createdAt),
    updated_at: momentOf(state.updatedAt),
    deleted_at: null,
  }
}

function moved(state: Order, status: OrderStatus, now: Time): Order {
  return { ...state, status, updatedAt: now }
}
