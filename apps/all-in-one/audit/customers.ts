// Owns: the load: customers who register, order in either pattern, pay or do not, and cancel, until they are told
// to stop.
// I1: what order number n does is decided by the seed and n alone.
// I2: the crowd bounds how many orders there are, and how many customers at a time.
import { chanceOf, type Chance } from './chance.ts'
import { sleep } from './clock.ts'
import { ask, fieldsOf, type Answer, type Line } from './customer.ts'
import type { OrderReceipt, PaymentReceipt, Pattern, Receipts, Scene, Told, UserReceipt } from './receipts.ts'

const ORDERS_PER_USER = 6
// The ids of lookups are part of the API.
const SKU = '545204885836038145'
const ANY = '545204998214516737'
const PAY_LATER = '545378075266842625'
const NOBODY = '00000000-0000-4000-8000-000000000000'
/** Over PAY_LATER_LIMIT by itself. */
const TOO_MUCH = 6_000_000

const SCENES: Readonly<Record<Scene, number>> = {
  pays: 36,
  'pays in parts': 10,
  'pays too much': 8,
  'pays never': 5,
  'pays a part only': 7,
  cancels: 7,
  'cancels while paying': 8,
  'is unknown': 5,
  'pays later': 8,
  'pays later never': 3,
  'pays later too much': 3,
}
const PATTERNS: readonly [Pattern, Pattern] = ['orchestration', 'choreography']

export interface Crowd {
  readonly customersCount: number
  readonly ordersCountMax: number
  /** Between two orders of one customer, at most. */
  readonly pauseMsMax: number
}

export interface Load {
  /** What they know so far. */
  readonly receipts: Receipts
  /** Lets them finish what they are at. */
  stop(): Promise<void>
}

export function customers(
  seed: number,
  { line, crowd }: { readonly line: Line; readonly crowd: Crowd },
): Load {
  const { customersCount, ordersCountMax, pauseMsMax } = crowd
  const users: UserReceipt[] = []
  const orders: OrderReceipt[] = []
  let isOver = false
  let orderCount = 0
  const work = async (customer: number): Promise<void> => {
    for (let turn = 0; !isOver; turn += 1) {
      const name = `${seed}-${customer}-${turn}`
      const user = await register(line, { name, chance: chanceOf(seed, `user ${name}`) })
      users.push(user)
      for (let n = 0; n < ORDERS_PER_USER && !isOver && orderCount < ordersCountMax; n += 1) {
        orderCount += 1
        const number = `${name}-${n}`
        const chance = chanceOf(seed, `order ${number}`)
        if (user.uuid !== undefined) orders.push(await order(line, { number, user: user.uuid, chance }))
        await sleep(chance.int(0, pauseMsMax))
      }
      if (orderCount >= ordersCountMax) return
    }
  }
  const all = Promise.all(Array.from({ length: customersCount }, (_, customer) => work(customer)))
  return {
    receipts: { users, orders },
    stop: async () => {
      isOver = true
      await all
    },
  }
}

async function register(
  line: Line,
  { name, chance }: { readonly name: string; readonly chance: Chance },
): Promise<UserReceipt> {
  const email = `${name}@crash.test`
  const pattern = chance.pick(PATTERNS)
  const body = { first_name: 'Crash', email, handphone: '6281247930699', address: 'Address' }
  const answer = await ask(line, { method: 'POST', path: '/v1/user', key: `user ${name}`, pattern, body })
  return { email, pattern, uuid: uuidOf(answer) }
}

interface Ordering {
  readonly number: string
  readonly user: string
  readonly chance: Chance
}

async function order(line: Line, { number, user, chance }: Ordering): Promise<OrderReceipt> {
  const scene = chance.weighted(SCENES)
  const pattern = chance.pick(PATTERNS)
  const due = scene === 'pays later too much' ? TOO_MUCH : chance.int(1_000, 100_000)
  const buyer = scene === 'is unknown' ? NOBODY : user
  const body = {
    order_number: number,
    uuid_user: buyer,
    id_order_type: SKU,
    id_payment_model: scene.startsWith('pays later') ? PAY_LATER : ANY,
    payment_order: String(due),
  }
  const path = `/${chance.pick(['v1', 'v2'])}/order`
  const answer = await ask(line, { method: 'POST', path, key: `order ${number}`, pattern, body })
  const uuid = uuidOf(answer)
  const receipt = { scene, pattern, number, user: buyer, uuid }
  if (uuid === undefined) return { ...receipt, payments: [], cancel: 'not asked', isPaid: false }
  const isImpatient = chance.int(0, 1) === 0
  const acting: Acting = { line, uuid, number, pattern, isImpatient, isPaid: false }
  const { payments, cancel } = await act(acting, { scene, due, chance })
  return { ...receipt, payments, cancel, isPaid: acting.isPaid }
}

interface Acting {
  readonly line: Line
  readonly uuid: string
  readonly number: string
  readonly pattern: Pattern
  readonly isImpatient: boolean
  isPaid: boolean
}

type Acted = Pick<OrderReceipt, 'payments' | 'cancel'>

async function act(
  acting: Acting,
  { scene, due, chance }: { readonly scene: Scene; readonly due: number; readonly chance: Chance },
): Promise<Acted> {
  const part = chance.int(1, due - 1)
  const all = async (amounts: readonly number[]): Promise<PaymentReceipt[]> => {
    const payments: PaymentReceipt[] = []
    for (const [index, amount] of amounts.entries()) payments.push(await pay(acting, { index, amount }))
    return payments
  }
  switch (scene) {
    case 'pays':
    case 'pays later':
      return { payments: await all([due]), cancel: 'not asked' }
    case 'pays in parts':
      return { payments: await all([part, due - part]), cancel: 'not asked' }
    case 'pays too much':
      return { payments: await all([due + part]), cancel: 'not asked' }
    case 'pays a part only':
      return { payments: await all([part]), cancel: 'not asked' }
    case 'cancels':
      return { payments: await all(chance.int(0, 1) === 0 ? [] : [part]), cancel: await cancel(acting) }
    case 'cancels while paying': {
      const [payments, cancelled] = await Promise.all([all([due]), cancel(acting)])
      return { payments, cancel: cancelled }
    }
    case 'is unknown':
    case 'pays never':
    case 'pays later never':
    case 'pays later too much':
      return { payments: [], cancel: 'not asked' }
    default:
      return scene satisfies never
  }
}

async function pay(
  acting: Acting,
  { index, amount }: { readonly index: number; readonly amount: number },
): Promise<PaymentReceipt> {
  const { line, uuid, number, pattern, isImpatient } = acting
  const account = `${number}/${index}`
  const answer = await ask(line, {
    method: 'PUT',
    path: `/v1/payment/${uuid}`,
    key: `pay ${account}`,
    pattern,
    isImpatient,
    body: { payment_total: amount, payment_status: 'Paid', bank_account_number: account },
  })
  const event = fieldsOf(answer?.body['event'])
  if (fieldsOf(event['data'])['payment_status'] === 'Paid') acting.isPaid = true
  return { account, amount, told: toldBy(answer) }
}

async function cancel({ line, uuid, number, pattern, isImpatient }: Acting): Promise<Told> {
  const answer = await ask(line, {
    method: 'DELETE',
    path: `/v1/order/${uuid}`,
    key: `cancel ${number}`,
    pattern,
    isImpatient,
  })
  return toldBy(answer)
}

function toldBy(answer: Answer | undefined): Told {
  if (answer === undefined) return 'unknown'
  return answer.status < 300 ? 'taken' : 'refused'
}

function uuidOf(answer: Answer | undefined): string | undefined {
  const uuid = answer?.body['uuid']
  return typeof uuid === 'string' ? uuid : undefined
}
