// The public names that services and gateway share: participants, events, lookups, bodies, rows and plans. No I/O.
export { CATALOGUE } from './catalogue.ts'
export type { CataloguedMessage } from './catalogue.ts'
export { ACTIONS, LOGGER, LOGGER_DELETE, LOGGER_SAVE, LoggerDocument, LoggerEntry } from './logger.ts'
export { LOGIN_CREATED, LoginQueued, LoginRequest, LoginRow, Session, SessionRequest } from './login.ts'
export { nameIn, nameOf, ORDER_STATUS, ORDER_TYPE, PAYMENT_MODEL, PAYMENT_STATUS, ROLE } from './lookups.ts'
export type { OrderStatus, OrderType, PaymentModel, PaymentStatus, Role } from './lookups.ts'
export { notification, NotificationTemplate } from './notification.ts'
export { order, ORDER_STATUS_UPDATED, OrderChanges, OrderRequest, OrderResult, OrderRow } from './order.ts'
export {
  payment,
  PAYMENT_DUE_SOON,
  PAYMENT_REFUNDED,
  PaymentDueSoon,
  PaymentRefunded,
  PaymentRequest,
  PaymentResult,
  PaymentRow,
  PaymentTimer,
  PayRequest,
} from './payment.ts'
export { rowIdOf } from './row-id.ts'
export { SagaShown } from './saga-shown.ts'
export { deliverMessage } from './sagas/deliver-message.ts'
export { OrderNotPlaced, PlaceOrder, placeOrder, placeOrderInput } from './sagas/place-order.ts'
export { RegisterUser, registerUser, registerUserInput } from './sagas/register-user.ts'
export { isWithin, PERMISSIONS } from './permissions.ts'
export type { ProfileChanges } from './user.ts'
export {
  Contact,
  Profile,
  profileChangesOf,
  profileOf,
  user,
  UserChanges,
  UserRequest,
  UserResult,
  UserRow,
} from './user.ts'
export { AMOUNT_MAX, Moment, momentOf, Uuid } from './values.ts'
