// Owns: the reference system as a subject of the simulator: its real plans and rules, over tables in memory.
// Run: `npm run sim -- simulations/reference.ts --seeds 200`.
import { notificationImplementation } from '@ensemble/service-notification/handlers'
import { orderImplementation } from '@ensemble/service-order/handlers'
import { paymentImplementation } from '@ensemble/service-payment/handlers'
import { userImplementation } from '@ensemble/service-user/handlers'
import { deliverMessage, placeOrder, registerUser } from '@ensemble/service-contracts'
import type { Subject } from '@ensemble/simulator'
import { booksOf } from './reference/books.ts'
import { begin, TERMS } from './reference/customers.ts'
import { deliveringTo } from './reference/deliveries.ts'
import { credits, entries, logins, messages, orders, payments, receivers, users } from './reference/tables.ts'
import { verdict } from './reference/verdict.ts'

export const subject: Subject = {
  name: 'reference',
  plans: () => [placeOrder, registerUser, deliverMessage],
  participants: {
    order: () => orderImplementation({ orders }),
    user: () => userImplementation({ users, logins }),
    payment: () => paymentImplementation({ payments, credits, entries }, TERMS),
    notification: (outside, own) =>
      notificationImplementation({ receivers, messages }, deliveringTo(outside, own)),
  },
  begin,
  check: (evidence, sagas) => verdict(booksOf(evidence, sagas)),
}
