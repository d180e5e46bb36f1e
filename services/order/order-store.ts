// Owns: the orders' table in SQL: what a row is in memory, and the reads of the API. Does not own what an order may
// do (order.ts).
import { sqlFolder, tableReads, tableRows, type Reads } from '@ensemble/postgres'
import type { Queryable, Rows } from '@ensemble/runtime'
import {
  momentOf,
  nameOf,
  ORDER_STATUS,
  ORDER_TYPE,
  rowIdOf,
  type OrderRow,
} from '@ensemble/service-contracts'
import { resultOf, type Order } from './order.ts'

type Columns = Readonly<Record<string, unknown>>

const sql = sqlFolder(new URL('./sql/', import.meta.url))

export const orderRows: Rows<Order> = tableRows<Order>({
  name: 'tb_orders',
  load: sql('orders-load'),
  insert: sql('orders-insert'),
  update: sql('orders-update'),
  decode: orderOf,
  key: ({ uuid }) => uuid,
  encode: columnsOf,
})

const READS = {
  get: sql('order-get'),
  list: sql('order-list'),
  count: sql('order-count'),
  owned: { list: sql('order-list-owned'), count: sql('order-count-owned') },
  decode: rowOf,
}

export type OrderReads = Reads<OrderRow>

/** What the API reads; as fresh as `read` is. */
export function orderReads(read: Queryable): OrderReads {
  return tableReads(read, READS)
}

function rowOf(row: Columns): OrderRow {
  return { id_order: String(row['id_order']), ...resultOf(orderOf(row)) }
}

function orderOf(row: Columns): Order {
  return {
    uuid: String(row['uuid']),
    orderNumber: String(row['order_number']),
    userId: String(row['user_uuid']),
    type: nameOf(ORDER_TYPE, String(row['id_order_type'])),
    status: nameOf(ORDER_STATUS, String(row['id_order_status'])),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
    version: Number(row['version']),
  }
}

function columnsOf(state: Order): Columns {
  return {
    id_order: rowIdOf(state.uuid),
    uuid: state.uuid,
    order_number: state.orderNumber,
    user_uuid: state.userId,
    id_order_type: ORDER_TYPE[state.type],
    id_order_status: ORDER_STATUS[state.status],
    created_at: momentOf(state.createdAt),
    updated_at: momentOf(state.updatedAt),
    version: state.version,
  }
}
