// The checker itself: right books are right, and each kind of damage is seen and named.
import { expect, test } from 'vitest'
import type { Facts, Row } from './books.ts'
import type { OrderReceipt, Receipts } from './receipts.ts'
import { verdict } from './verdict.ts'

const start = (plan: string, id: string, status: string): Row => ({
  plan,
  id,
  pattern: 'orchestration',
  status,
})
const history = (plan: string, id: string, status: string): Row => ({
  ...start(plan, id, status),
  standing: 'ended',
  seq_min: 1,
  seq_max: 9,
  decision_count: 9,
  ended_count: 1,
  ended_seq: 9,
  ended_status: status,
})
const SAGAS = [
  ['user.register', 'u', 'completed'],
  ['order.place', 'paid', 'completed'],
  ['order.place', 'late', 'compensated'],
] as const

const payment = (uuid: string, status: string, money: Readonly<Record<string, number>>): Row => ({
  uuid_order: uuid,
  status,
  payment_order: 100,
  payment_total: money['in'] ?? 0,
  change_total: money['change'] ?? 0,
  refund_total: money['refund'] ?? 0,
  ledger_in: money['in'] ?? 0,
  ledger_change: money['change'] ?? 0,
  ledger_refund: money['refund'] ?? 0,
})
const entry = (uuid: string, kind: string, amount: number): Row => ({
  uuid_order: uuid,
  operation: `op ${uuid}`,
  kind,
  amount,
  account: `${uuid}/0`,
})

/** An order that was paid with change, and one that was paid in part and expired. */
const FACTS: Facts = {
  orders: [
    { uuid: 'paid', order_number: 'n1', user_uuid: 'u', status: 'Complete' },
    { uuid: 'late', order_number: 'n2', user_uuid: 'u', status: 'Failed' },
  ],
  payments: [
    payment('paid', 'Paid', { in: 120, change: 20 }),
    payment('late', 'Failed', { in: 40, refund: 40 }),
  ],
  ledger: [
    entry('paid', 'in', 120),
    entry('paid', 'change', 20),
    entry('late', 'in', 40),
    { ...entry('late', 'refund', 40), operation: 'timer late' },
  ],
  credits: [],
  users: [{ uuid: 'u', email: 'u@crash.test' }],
  notifications: [
    { template: 'welcome', about: 'u', row_count: 1 },
    { template: 'order-completed', about: 'n1', row_count: 1 },
    { template: 'order-failed', about: 'n2', row_count: 1 },
    { template: 'payment-refunded', about: 'late', row_count: 1 },
  ],
  starts: SAGAS.map(([plan, id, status]) => start(plan, id, status)),
  sagas: SAGAS.map(([plan, id, status]) => ({ plan, id, status })),
  histories: SAGAS.map(([plan, id, status]) => history(plan, id, status)),
  historyTwice: [],
  broken: [],
  scheduled: [{ type: 'timer', name: 'payment.expire', saga: 'late' }],
  unfinished: [],
}

const receipt = (uuid: string, number: string, amount: number): OrderReceipt => ({
  scene: uuid === 'paid' ? 'pays too much' : 'pays a part only',
  pattern: 'orchestration',
  number,
  user: 'u',
  uuid,
  payments: [{ account: `${uuid}/0`, amount, told: 'taken' }],
  cancel: 'not asked',
  isPaid: uuid === 'paid',
})
const RECEIPTS: Receipts = {
  users: [{ email: 'u@crash.test', pattern: 'orchestration', uuid: 'u' }],
  orders: [receipt('paid', 'n1', 120), receipt('late', 'n2', 40)],
}

/** The facts with one row of one table changed; undefined takes it away. */
function damaged(table: keyof Facts, index: number, change: Row | undefined): Facts {
  const rows = [...FACTS[table]]
  rows.splice(index, 1, ...(change === undefined ? [] : [{ ...rows[index], ...change }]))
  return { ...FACTS, [table]: rows }
}

function doubled(table: keyof Facts, index: number): Facts {
  return { ...FACTS, [table]: [...FACTS[table], ...FACTS[table].slice(index, index + 1)] }
}

test('right books have no violation', () => {
  expect(verdict(FACTS, RECEIPTS)).toEqual([])
})

const WHAT = { service: 'order', place: 'outbox', what: '1' }
const DAMAGES: readonly (readonly [string, Facts, RegExp])[] = [
  ['an outbox row is left', damaged('unfinished', 0, WHAT), /^unfinished: order outbox 1/],
  ['a message is dead', damaged('broken', 0, WHAT), /^broken: order outbox 1/],
  ['a step was asked twice', damaged('historyTwice', 0, { what: 'x' }), /^twice: x/],
  ['a credit is wrong', damaged('credits', 0, { uuid_user: 'u', stored: 1, owed: 0 }), /^credit:/],
  ['a retry waits', damaged('scheduled', 0, { type: 'retry' }), /^scheduled:/],
  ['a timer of what has not ended waits', damaged('scheduled', 0, { saga: 'other' }), /^scheduled:/],
  ['a saga has not ended', damaged('starts', 1, { status: null }), /^start: order.place\/paid has not ended/],
  ['history has a gap', damaged('histories', 1, { decision_count: 8 }), /^history: order.place\/paid/],
  ['history begins late', damaged('histories', 1, { seq_min: 2 }), /^history: order.place\/paid/],
  [
    'history ends otherwise',
    damaged('histories', 1, { ended_status: 'compensated' }),
    /^history: order.place\/paid/,
  ],
  ['history is missing', damaged('histories', 1, undefined), /^history: order.place\/paid/],
  ['a saga ends otherwise', damaged('sagas', 1, { status: 'compensated' }), /^saga: order.place\/paid/],
  ['a saga was never started', damaged('starts', 2, undefined), /^start: order.place\/late has none/],
  ['an order hangs', damaged('orders', 0, { status: 'Process' }), /^order: paid is Process/],
  ['an order is there twice', doubled('orders', 0), /^twice: order paid/],
  ['an order is missing', damaged('orders', 0, undefined), /^order: paid is missing/],
  [
    'a payment stands',
    damaged('payments', 1, { status: 'Waiting' }),
    /^order: late is Failed, payment Waiting/,
  ],
  ['a payment is missing', damaged('payments', 0, undefined), /^order: paid is Complete, payment none/],
  ['a payment is there twice', doubled('payments', 0), /^twice: payment paid/],
  ['money was booked twice', doubled('ledger', 0), /^twice: ledger account paid\/0/],
  ['a booking is lost', damaged('ledger', 2, undefined), /^money: in 120 is not change 20 \+ refund 40/],
  [
    'columns and ledger differ',
    damaged('payments', 0, { payment_total: 100 }),
    /^money: \{"uuid_order":"paid"/,
  ],
  ['a refund is missing', damaged('payments', 1, { refund_total: 0, ledger_refund: 0 }), /^money: /],
  ['a user is missing', damaged('users', 0, undefined), /^user: user.register\/u is completed/],
  ['a user is there twice', doubled('users', 0), /^twice: user u/],
  ['nobody was told', damaged('notifications', 2, undefined), /^notification: order-failed n2 was not sent/],
  [
    'somebody was told twice',
    damaged('notifications', 0, { row_count: 2 }),
    /^notification: welcome u was sent 2/,
  ],
  [
    'somebody was told what is not so',
    damaged('notifications', 3, { about: 'paid' }),
    /payment-refunded paid was sent/,
  ],
]

test.each(DAMAGES)('%s: it is named', (_title, facts, named) => {
  expect(verdict(facts, RECEIPTS)).toContainEqual(expect.stringMatching(named))
})

test('an acknowledged payment that the ledger does not have is named', () => {
  const orders = [
    { ...receipt('paid', 'n1', 120), payments: [{ account: 'lost', amount: 1, told: 'taken' as const }] },
  ]
  expect(verdict(FACTS, { ...RECEIPTS, orders: [...orders, ...RECEIPTS.orders.slice(1)] })).toEqual([
    'told: payment lost of 1 taken, ledger []',
  ])
})

test('a refused payment that the ledger has is named', () => {
  const payments = [{ account: 'paid/0', amount: 120, told: 'refused' as const }]
  const orders = [{ ...receipt('paid', 'n1', 120), payments }, ...RECEIPTS.orders.slice(1)]
  expect(verdict(FACTS, { ...RECEIPTS, orders })).toContainEqual(
    expect.stringMatching(/^told: payment paid\/0 of 120 refused/),
  )
})

test('an order that was paid and nevertheless failed is named, and one that nobody paid and completed', () => {
  const [paid, late] = RECEIPTS.orders
  const orders = [paid, late].flatMap((one) => (one === undefined ? [] : [one]))
  const swapped = orders.map((one) => ({ ...one, uuid: one.uuid === 'paid' ? 'late' : 'paid' }))
  const named = verdict(FACTS, { ...RECEIPTS, orders: swapped })
  expect(named).toContain('told: order n1 was paid, saga compensated')
  expect(named).toContain('told: the customer of n2 pays a part only, saga completed')
})
