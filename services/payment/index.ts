// What main.ts and tests of the payment service are made of.
export { paymentImplementation } from './handlers.ts'
export { paymentRoutes } from './http.ts'
export type { PaymentHttp } from './http.ts'
export type { PaymentTables } from './handlers.ts'
export type { Credit, Payment, PaymentEntry, PaymentTerms } from './payment.ts'
export { creditRows, paymentEntries, paymentReads, paymentRows } from './payment-store.ts'
export type { PaymentReads } from './payment-store.ts'
