// Owns: what must be true of the reference system's users, orders and messages when all has ended. Pure.
// I1: it knows rows, the messages on the bus, what callers were told and what providers did; how the system comes to
// them is nothing to it.
// I2: each violation is one sentence that names the row.
import { type OrderStatus, placeOrder, registerUser } from '@ensemble/service-contracts'
import type { Books, Delivery, Ended } from './books.ts'
import { moneyProblems } from './money.ts'

export function verdict(books: Books): readonly string[] {
  return [
    ...userProblems(books),
    ...orderProblems(books),
    ...moneyProblems(books),
    ...messageProblems(books),
    ...books.deliveries.flatMap((one) => deliveryProblems(one)),
  ]
}

function userProblems({ users, sagas }: Books): readonly string[] {
  const living = users.filter(({ deletedAt }) => deletedAt === null)
  const known = new Set(users.map(({ uuid }) => uuid))
  const alive = new Set(living.map(({ uuid }) => uuid))
  return [
    ...twice(living, ({ profile }) => profile.email.toLowerCase()).map(
      (email) => `the address ${email} belongs to two users`,
    ),
    ...sagasOf(sagas, registerUser.name).flatMap(({ id, end }) => {
      if (end === 'completed' && !known.has(id)) return [`user ${id} was registered and is not there`]
      if (end === 'compensated' && alive.has(id)) return [`user ${id} was not registered and is there`]
      return []
    }),
  ]
}

function orderProblems({ orders, payments, sagas }: Books): readonly string[] {
  const now = orders.flatMap((states) => states.slice(-1))
  const standing = now.filter(({ status }) => status !== 'Failed')
  const statusOf = new Map(now.map(({ uuid, status }) => [uuid, status]))
  const paymentOf = new Map(
    payments.flatMap((states) => states.slice(-1)).map((one) => [one.uuid, one.status]),
  )
  return [
    ...twice(standing, ({ userId, orderNumber }) => `${orderNumber} of user ${userId}`).map(
      (number) => `order number ${number} belongs to two orders`,
    ),
    ...sagasOf(sagas, placeOrder.name).flatMap(({ id, end }) => {
      const [order = 'absent', payment = 'absent'] = [statusOf.get(id), paymentOf.get(id)]
      const isRight =
        end === 'completed' ? order === 'Complete' && payment === 'Paid' : isGone(order) && isGone(payment)
      return isRight ? [] : [`order ${id}: its saga ${end}, it is ${order}, its payment ${payment}`]
    }),
    ...orders.flatMap((states) => wentBack(states)),
  ]
}

function isGone(status: string): boolean {
  return status === 'Failed' || status === 'absent'
}

const NEXT: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  Pending: ['Process', 'Waiting', 'Complete', 'Failed'],
  Process: ['Waiting', 'Complete', 'Failed'],
  Waiting: ['Complete', 'Failed'],
  Complete: [],
  Failed: [],
}

function wentBack(states: Books['orders'][number]): readonly string[] {
  return states.flatMap(({ uuid, status }, index) => {
    const before = states[index - 1]?.status ?? status
    const isRight = before === status || NEXT[before].includes(status)
    return isRight ? [] : [`order ${uuid} was ${before} and became ${status}`]
  })
}

/** One message for each thing that a customer has to hear, and no other. */
function messageProblems({ sagas, messages, events }: Books): readonly string[] {
  const due = [
    ...sagasOf(sagas, registerUser.name).flatMap(({ end, userId }) =>
      end === 'completed' ? [`welcome to ${userId}`] : [],
    ),
    ...sagasOf(sagas, placeOrder.name).map(
      ({ end, userId }) => `order-${end === 'completed' ? 'completed' : 'failed'} to ${userId}`,
    ),
    ...events.map(({ template, userId }) => `${template} to ${userId}`),
  ]
  const sent = messages.flatMap(({ type, message }) =>
    type === 'new' ? [`${message.template} to ${message.userId}`] : [],
  )
  const addressed = messages.flatMap(({ type, message }) => (type === 'addressed' ? [message.id] : []))
  return [
    ...uneven(due, sent).map(([what, isDue, isSent]) => `message ${what}: ${isDue} due, ${isSent} written`),
    ...twice(addressed, (id) => id).map((id) => `message ${id} got its address twice`),
  ]
}

/** How often a message may have been sent, by where its delivery has ended. */
const SENT_COUNTS: Readonly<Record<string, readonly number[]>> = {
  SENT: [1],
  UNDELIVERABLE: [0],
  UNKNOWN: [0, 1],
}

function deliveryProblems({ id, end, status, sentCount }: Delivery): readonly string[] {
  if (end === null) return []
  const isRight = end === 'completed' && SENT_COUNTS[status]?.includes(sentCount) === true
  return isRight
    ? []
    : [`message ${id}: its delivery ${end}, it is ${status}, and was sent ${sentCount} times`]
}

function sagasOf(sagas: readonly Ended[], plan: string): readonly Ended[] {
  return sagas.filter((one) => one.plan === plan && one.end !== null)
}

function twice<Item>(items: readonly Item[], key: (item: Item) => string): readonly string[] {
  return [...Map.groupBy(items, key)].flatMap(([name, { length }]) => (length > 1 ? [name] : []))
}

/** Names that two lists do not have equally often, with both counts. */
function uneven(
  due: readonly string[],
  sent: readonly string[],
): readonly (readonly [name: string, due: number, sent: number])[] {
  const count = (list: readonly string[], name: string): number => list.filter((one) => one === name).length
  return [...new Set([...due, ...sent])]
    .map((name) => [name, count(due, name), count(sent, name)] as const)
    .filter(([, isDue, isSent]) => isDue !== isSent)
}
