// Owns: the lookup rows that all services agree on, with the stable ids that clients send.
// The seeds of the services' databases hold the same: a test of each service compares them.
// I1: rules decide by name; ids exist at the edges only. A new row is a constant here and a seed in a new migration.

export const ORDER_STATUS = {
  Pending: '545204998214516737',
  Process: '545347536789143553',
  Waiting: '545469794211856385',
  Complete: '545347536856023041',
  Failed: '545347536940072961',
} as const

export const ORDER_TYPE = {
  SKU: '545204885836038145',
} as const

export const PAYMENT_STATUS = {
  Pending: '545251911757463553',
  Waiting: '545473669058756609',
  Paid: '545251911825653761',
  Failed: '545251911859077121',
} as const

/** `Any` leaves the way of payment to the customer; its id is the one that the README's order call sends. */
export const PAYMENT_MODEL = {
  Any: '545204998214516737',
  Transfer: '545378075141898241',
  'Pay Later': '545378075266842625',
  Ovo: '545378075342831617',
} as const

export const ROLE = {
  admin: '545204885836100001',
  operator: '545204885836100002',
  customer: '545204885836100003',
} as const

export type OrderStatus = keyof typeof ORDER_STATUS
export type OrderType = keyof typeof ORDER_TYPE
export type PaymentStatus = keyof typeof PAYMENT_STATUS
export type PaymentModel = keyof typeof PAYMENT_MODEL
export type Role = keyof typeof ROLE

/** The name of an id; undefined when the lookup does not have it. */
export function nameIn<Name extends string>(
  lookup: Readonly<Record<Name, string>>,
  id: string,
): Name | undefined {
  for (const name in lookup) if (lookup[name] === id) return name
  return undefined
}

/** The name of an id that was stored. Errors: RangeError when the lookup has lost it. */
export function nameOf<Name extends string>(lookup: Readonly<Record<Name, string>>, id: string): Name {
  const name = nameIn(lookup, id)
  if (name === undefined) throw new RangeError(`no name for the stored id ${id}`)
  return name
}
