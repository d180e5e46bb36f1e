// Owns: what customers do: they register, change and delete themselves, order, pay and cancel, rightly and wrongly.
// I1: every third saga registers a user; of the others some bring a message to be delivered, most order for one of
// these users.
// I2: the caller is the gateway's: it waits for a registration under way, and pays again when the payment is not there
// yet, under another key, since a refusal is stored under its own.
import { PATTERNS, type InputOf, type OutcomeOf } from '@ensemble/core'
import {
  deliverMessage,
  order,
  ORDER_TYPE,
  payment,
  PAYMENT_MODEL,
  placeOrder,
  registerUser,
  user,
  type PlaceOrder,
} from '@ensemble/service-contracts'
import type { PaymentTerms } from '@ensemble/service-payment/rules'
import type { Beginning, Chance, Subject, Visit } from '@ensemble/simulator'
import { bringing } from './deliveries.ts'

/** A limit that a few orders reach, and a due time that passes while there are faults. */
export const TERMS: PaymentTerms = { dueInMs: 8_000, payLaterLimit: 100 }

const AMOUNT_MAX = 60
const VISITS_MS_MAX = 12_000
const SAGAS_PER_USER = 3
/** The share of those that register nobody. */
const DELIVERIES = 0.25
/** How often the gateway looks for a registration that it does not know, or that is under way. */
const REGISTRATION_LOOKS_MAX = 8
const NOBODY = uuidOf('dddd', 0)

export function begin({ chance, number, isCrowded }: Parameters<Subject['begin']>[0]): Beginning {
  const pattern = chance.pick(PATTERNS_BOTH)
  const isRegistration = number % SAGAS_PER_USER === 1
  // Of its own stream: the other sagas of a seed stay what they were.
  if (!isRegistration && chance.stream('delivery').hit(DELIVERIES))
    return { pattern, ...delivery(chance, uuidOf('cccc', number)) }
  return isRegistration
    ? { pattern, ...registration(chance, userIdOf(Math.ceil(number / SAGAS_PER_USER))) }
    : { pattern, ...ordering(chance, { number, isCrowded }) }
}

const [FIRST = 'orchestration', SECOND = 'choreography'] = PATTERNS
const PATTERNS_BOTH = [FIRST, SECOND] as const

type Begun = Omit<Beginning, 'pattern'>

function registration(chance: Chance, userId: string): Begun {
  const profile = {
    firstName: 'Sim',
    lastName: null,
    email: emailOf(chance, userId),
    handphone: '6281247930699',
    address: 'Address',
    city: null,
    province: null,
    district: null,
  }
  const visits: Visit[] = []
  if (chance.hit(0.3)) {
    const changes = { email: emailOf(chance, userId) }
    const operation = `update/${userId}`
    visits.push({
      ...at(chance, 'user', 'update'),
      call: (host) => host.execute(user.update, { userId, changes }, { operation }),
    })
  }
  if (chance.hit(0.1)) {
    visits.push({
      ...at(chance, 'user', 'delete'),
      call: (host) => host.execute(user.delete, { userId }, { operation: `delete/${userId}` }),
    })
  }
  if (chance.hit(0.15)) visits.push(cancelling(chance, registerUser.name, userId))
  return { plan: registerUser, id: userId, input: { userId, profile }, visits }
}

/** One in three wants an address that others want, too, in whatever case. */
function emailOf(chance: Chance, userId: string): string {
  return chance.hit(0.35) ? chance.pick(['Hot@sim.test', 'hot@sim.test']) : `${userId}@sim.test`
}

/** In a crowd everybody orders for one user at once. */
function ordering(
  chance: Chance,
  { number, isCrowded }: { readonly number: number; readonly isCrowded: boolean },
): Begun {
  const orderId = uuidOf('aaaa', number)
  const registered = Math.ceil(number / SAGAS_PER_USER)
  const userId = chance.hit(0.08) ? NOBODY : userIdOf(isCrowded ? 1 : chance.skewed(1, registered))
  const amountDue = chance.hit(0.2) ? null : chance.hit(0.05) ? 0 : chance.int(1, AMOUNT_MAX)
  const input: PlaceOrder = {
    orderId,
    orderNumber: chance.hit(isCrowded ? 0.5 : 0.2) ? 'hot' : `number ${number}`,
    userId,
    orderTypeId: chance.hit(0.04) ? '1' : ORDER_TYPE.SKU,
    orderStatusId: null,
    paymentModelId: chance.hit(0.04)
      ? '1'
      : chance.hit(0.5)
        ? PAYMENT_MODEL['Pay Later']
        : chance.pick([PAYMENT_MODEL.Any, PAYMENT_MODEL.Transfer, PAYMENT_MODEL.Ovo]),
    paymentStatusId: null,
    amountDue,
    inquiryNumber: '',
    bankName: '',
  }
  const visits = [...payments(chance, { orderId, amountDue })]
  if (chance.hit(0.2)) {
    const orderNumber = chance.hit(0.5) ? 'hot' : `renamed ${number}`
    const operation = `rename/${orderId}`
    visits.push({
      ...at(chance, 'order', 'rename'),
      call: (host) => host.execute(order.update, { orderId, orderNumber }, { operation }),
    })
  }
  if (chance.hit(0.25)) visits.push(cancelling(chance, placeOrder.name, orderId))
  return { plan: placeOrder, id: orderId, input, before: untilRegistered(userId), visits }
}

function delivery(chance: Chance, messageId: string): Begun {
  const id = `${messageId}.0`
  const visits = chance.hit(0.2) ? [cancelling(chance, deliverMessage.name, id)] : []
  return {
    plan: deliverMessage,
    id,
    input: { messageId, round: 0 },
    before: bringing(chance, messageId),
    visits,
  }
}

/** Half of the orders are paid as they should be; the others in parts, too much, twice, too late or not at all. */
function payments(
  chance: Chance,
  { orderId, amountDue }: { orderId: string; amountDue: number | null },
): readonly Visit[] {
  const due = amountDue ?? chance.int(1, AMOUNT_MAX)
  const amounts = chance.hit(0.5)
    ? [Math.max(1, due)]
    : Array.from({ length: chance.int(0, 4) }, () => chance.int(1, Math.ceil(due * 1.5) + 1))
  return amounts.flatMap((amount, index) => {
    const call = paying({ orderId, amount, round: index + 1 })
    const visit = (): Visit => ({ ...at(chance, 'payment', 'pay'), call })
    // The same payment again, as by a customer who was not answered and comes back later.
    return chance.hit(0.2) ? [visit(), visit()] : [visit()]
  })
}

export interface Paid {
  readonly operation: string
  readonly amount: number
  readonly outcome: OutcomeOf<(typeof payment)['pay']['spec']>
}

function paying(what: { orderId: string; amount: number; round: number }): Visit['call'] {
  const { orderId, amount, round } = what
  const input: InputOf<(typeof payment)['pay']['spec']> = {
    orderId,
    amount,
    bankAccountNumber: String(round),
    userId: null,
    paymentModelId: null,
  }
  let tries = 1
  return async (host): Promise<Paid> => {
    const operation = `pay/${orderId}/${round}/${tries}`
    const outcome = await host.execute(payment.pay, input, { operation })
    if (outcome.status === 'rejected' && outcome.rejection === 'unknown_order') {
      tries += 1
      throw new Error('the payment is not prepared yet')
    }
    return { operation, amount, outcome }
  }
}

function untilRegistered(userId: string): NonNullable<Beginning['before']> {
  let looks = 0
  const call: Visit['call'] = async (host) => {
    const status = await host.status({ plan: registerUser.name, id: userId })
    looks += 1
    if ((status === null || status.status === 'running') && looks < REGISTRATION_LOOKS_MAX)
      throw new Error('the user is still being registered')
  }
  return { service: 'desk', name: 'look for the registration', call }
}

function cancelling(chance: Chance, plan: string, id: string): Visit {
  return {
    ...at(chance, 'desk', 'cancel'),
    call: (host) => host.cancel({ plan, id }, { reason: 'cancelled by the customer', by: 'customer' }),
  }
}

function at(chance: Chance, service: string, name: string): Omit<Visit, 'call'> {
  return { afterMs: chance.int(0, VISITS_MS_MAX), service, name }
}

function userIdOf(number: number): string {
  return uuidOf('bbbb', number)
}

function uuidOf(kind: string, number: number): string {
  return `0000${kind}-0000-4000-8000-${String(number).padStart(12, '0')}`
}
