// What main.ts and tests of the order service are made of.
export { orderImplementation } from './handlers.ts'
export { orderRoutes } from './http.ts'
export type { OrderHttp } from './http.ts'
export type { Order } from './order.ts'
export { orderReads, orderRows } from './order-store.ts'
export type { OrderReads } from './order-store.ts'
