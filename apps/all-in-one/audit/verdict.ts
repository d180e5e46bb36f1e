// Owns: what must be true of the books when all is quiet, and of what customers were told. Pure.
// I1: it knows rows and receipts only; how the system comes to them is nothing to it.
// I2: every violation is one line that names the row; no violation is worth less than another.
import type { Facts, Row } from './books.ts'
import type { OrderReceipt, Receipts } from './receipts.ts'

const PLACE = 'order.place'
const REGISTER = 'user.register'

export function verdict(facts: Facts, receipts: Receipts): readonly string[] {
  return [
    ...facts.unfinished.map(
      (row) => `unfinished: ${text(row, 'service')} ${text(row, 'place')} ${text(row, 'what')}`,
    ),
    ...facts.broken.map(
      (row) => `broken: ${text(row, 'service')} ${text(row, 'place')} ${text(row, 'what')}`,
    ),
    ...facts.historyTwice.map((row) => `twice: ${text(row, 'what')}`),
    ...facts.credits.map((row) => `credit: ${JSON.stringify(row)}`),
    ...scheduledViolations(facts),
    ...historyViolations(facts),
    ...orderViolations(facts),
    ...moneyViolations(facts),
    ...userViolations(facts),
    ...notificationViolations(facts, receipts),
    ...receipts.orders.flatMap((receipt) => receiptViolations(facts, receipt)),
    ...toldViolations(facts, receipts),
  ]
}

/** What is due later may only concern what has ended: it will find nothing to do. */
function scheduledViolations({ scheduled, starts }: Facts): string[] {
  const ended = new Set(starts.filter((row) => row['status'] !== null).map((row) => text(row, 'id')))
  return scheduled
    .filter((row) => text(row, 'type') !== 'timer' || !ended.has(text(row, 'saga')))
    .map((row) => `scheduled: ${JSON.stringify(row)}`)
}

const ENDS: ReadonlySet<unknown> = new Set(['completed', 'compensated'])

function historyViolations({ starts, sagas, histories }: Facts): string[] {
  const violations = [...twice('start', starts, keyOf), ...twice('history', histories, keyOf)]
  const historyOf = byKey(histories, keyOf)
  const sagaOf = byKey(sagas, keyOf)
  const startOf = byKey(starts, keyOf)
  for (const start of starts) {
    const key = keyOf(start)
    const { status, pattern } = start
    const history = historyOf.get(key)
    if (!ENDS.has(status)) violations.push(`start: ${key} has not ended: ${String(status)}`)
    const seqMax = history?.['seq_max']
    const expected = {
      ...pick(start, ['plan', 'id', 'pattern', 'status']),
      standing: 'ended',
      seq_min: 1,
      seq_max: seqMax,
      decision_count: seqMax,
      ended_count: 1,
      ended_seq: seqMax,
      ended_status: status,
    }
    if (!equal(history, expected))
      violations.push(`history: ${key} (${String(status)}): ${JSON.stringify(history)}`)
    const saga = sagaOf.get(key)?.['status']
    if (saga !== (pattern === 'orchestration' ? status : undefined)) {
      violations.push(
        `saga: ${key} is ${String(saga)} in the orchestrator, ${String(status)} where it was started`,
      )
    }
  }
  for (const row of [...histories, ...sagas]) {
    if (!startOf.has(keyOf(row))) violations.push(`start: ${keyOf(row)} has none`)
  }
  return violations
}

function orderViolations({ orders, payments, starts }: Facts): string[] {
  const violations = [
    ...twice('order', orders, (row) => text(row, 'uuid')),
    ...twice('order number', orders, (row) => text(row, 'order_number')),
    ...twice('payment', payments, (row) => text(row, 'uuid_order')),
  ]
  const paymentOf = byKey(payments, (row) => text(row, 'uuid_order'))
  const orderOf = byKey(orders, (row) => text(row, 'uuid'))
  const startOf = byKey(starts, keyOf)
  for (const { uuid, status } of orders) {
    const payment = statusOf(paymentOf.get(String(uuid)))
    const start = statusOf(startOf.get(`${PLACE}/${String(uuid)}`))
    const isRight =
      (status === 'Complete' && payment === 'Paid' && start === 'completed') ||
      (status === 'Failed' && (payment === 'Failed' || payment === 'none') && start === 'compensated')
    if (!isRight)
      violations.push(`order: ${String(uuid)} is ${String(status)}, payment ${payment}, saga ${start}`)
  }
  for (const { uuid_order: uuid, status } of payments) {
    if (!orderOf.has(String(uuid)))
      violations.push(`payment: ${String(uuid)} is ${String(status)} without an order`)
  }
  for (const { plan, id, status } of starts) {
    if (plan === PLACE && status === 'completed' && !orderOf.has(String(id)))
      violations.push(`order: ${String(id)} is missing`)
  }
  return violations
}

function moneyViolations({ payments, ledger, orders }: Facts): string[] {
  const violations = [
    ...twice('ledger', ledger, (row) => `${text(row, 'operation')} ${text(row, 'kind')}`),
    ...twice(
      'ledger account',
      ledger.filter(({ kind }) => kind === 'in'),
      (row) => text(row, 'account'),
    ),
  ]
  for (const row of ledger) {
    if (row['uuid_order'] === null) violations.push(`ledger: ${text(row, 'operation')} belongs to no payment`)
  }
  for (const row of payments) {
    const [total, change, refund] = [row['payment_total'], row['change_total'], row['refund_total']].map(
      Number,
    )
    const [cameIn, wentBack, refunded] = [row['ledger_in'], row['ledger_change'], row['ledger_refund']].map(
      Number,
    )
    const kept = Number(cameIn) - Number(wentBack) - Number(refunded)
    const due = row['status'] === 'Paid' ? Number(row['payment_order']) : 0
    const isRight = total === cameIn && change === wentBack && refund === refunded && kept === due
    if (!isRight) violations.push(`money: ${JSON.stringify(row)}`)
  }
  const complete = new Set(orders.filter(({ status }) => status === 'Complete').map(({ uuid }) => uuid))
  const sumOf = (wanted: string): number =>
    ledger.filter(({ kind }) => kind === wanted).reduce((sum, { amount }) => sum + Number(amount), 0)
  const totals = payments
    .filter((row) => complete.has(row['uuid_order']))
    .reduce((sum, row) => sum + Number(row['payment_order']), 0)
  const [cameIn, change, refund] = [sumOf('in'), sumOf('change'), sumOf('refund')]
  if (cameIn !== change + refund + totals) {
    violations.push(
      `money: in ${cameIn} is not change ${change} + refund ${refund} + complete orders ${totals}`,
    )
  }
  return violations
}

function userViolations({ users, starts }: Facts): string[] {
  const userOf = byKey(users, (row) => text(row, 'uuid'))
  const startOf = byKey(starts, keyOf)
  return [
    ...twice('user', users, (row) => text(row, 'uuid')),
    ...twice('e-mail', users, (row) => text(row, 'email')),
    ...starts
      .filter(
        ({ plan, id, status }) => plan === REGISTER && userOf.has(String(id)) !== (status === 'completed'),
      )
      .map((row) => `user: ${keyOf(row)} is ${String(row['status'])}, and the row says otherwise`),
    ...users
      .filter(({ uuid }) => !startOf.has(`${REGISTER}/${String(uuid)}`))
      .map(({ uuid }) => `user: ${String(uuid)} was never registered`),
  ]
}

/** One message for each thing that a customer has to hear, and no other. */
function notificationViolations(facts: Facts, receipts: Receipts): string[] {
  const numberOf = new Map<unknown, unknown>([
    ...receipts.orders.map(({ uuid, number }) => [uuid, number] as const),
    ...facts.orders.map(({ uuid, order_number: number }) => [uuid, number] as const),
  ])
  const counts = new Map(
    facts.notifications.map((row) => [`${text(row, 'template')} ${text(row, 'about')}`, row['row_count']]),
  )
  const due = new Set<string>()
  for (const { plan, id, status } of facts.starts) {
    if (plan === REGISTER && status === 'completed') due.add(`welcome ${String(id)}`)
    if (plan !== PLACE) continue
    due.add(`order-${status === 'completed' ? 'completed' : 'failed'} ${String(numberOf.get(id))}`)
  }
  for (const row of facts.payments) {
    if (Number(row['refund_total']) > 0) due.add(`payment-refunded ${text(row, 'uuid_order')}`)
  }
  const isReminder = (what: string): boolean => what.startsWith('payment-due-soon ')
  return [
    ...[...due].filter((what) => !counts.has(what)).map((what) => `notification: ${what} was not sent`),
    ...[...counts]
      .filter(([what, count]) => count !== 1 || !(due.has(what) || isReminder(what)))
      .map(([what, count]) => `notification: ${what} was sent ${String(count)} times`),
  ]
}

const FAILING: ReadonlySet<OrderReceipt['scene']> = new Set([
  'is unknown',
  'pays never',
  'pays a part only',
  'pays later never',
  'pays later too much',
])

/** What a customer was told stands. */
function receiptViolations({ starts, orders, ledger }: Facts, receipt: OrderReceipt): string[] {
  const { scene, number, uuid, pattern, payments, cancel, isPaid } = receipt
  const violations: string[] = []
  for (const { account, amount, told } of payments) {
    const entries = ledger.filter((row) => row['kind'] === 'in' && row['account'] === account)
    const isRight =
      (entries.length === 0 && told !== 'taken') ||
      (entries.length === 1 && told !== 'refused' && Number(entries[0]?.['amount']) === amount)
    if (!isRight)
      violations.push(`told: payment ${account} of ${amount} ${told}, ledger ${JSON.stringify(entries)}`)
  }
  const order = orders.find((row) => row['order_number'] === number)
  if (order !== undefined && uuid !== undefined && order['uuid'] !== uuid) {
    violations.push(`told: order ${number} is ${uuid}, but it is ${String(order['uuid'])}`)
  }
  if (uuid === undefined) return violations
  const start = starts.find((row) => row['plan'] === PLACE && row['id'] === uuid)
  if (start?.['pattern'] !== pattern)
    violations.push(`told: order ${number} runs by ${pattern}: ${JSON.stringify(start)}`)
  const status = start?.['status']
  const hasToComplete = isPaid && cancel === 'not asked'
  if (hasToComplete && status !== 'completed')
    violations.push(`told: order ${number} was paid, saga ${String(status)}`)
  if (FAILING.has(scene) && status !== 'compensated') {
    violations.push(`told: the customer of ${number} ${scene}, saga ${String(status)}`)
  }
  return violations
}

function toldViolations({ users, orders }: Facts, receipts: Receipts): string[] {
  const uuidOf = new Map(users.map(({ email, uuid }) => [email, uuid]))
  const numbers = new Set<unknown>(receipts.orders.map(({ number }) => number))
  return [
    ...receipts.users
      .filter(({ email, uuid }) => uuid !== undefined && uuidOf.get(email) !== uuid)
      .map(
        ({ email, uuid }) => `told: ${email} is user ${String(uuid)}, but it is ${String(uuidOf.get(email))}`,
      ),
    ...orders
      .filter(({ order_number: number }) => !numbers.has(number))
      .map(({ order_number: number }) => `order: nobody asked for ${String(number)}`),
  ]
}

function keyOf(row: Row): string {
  return `${text(row, 'plan')}/${text(row, 'id')}`
}

function text(row: Row, column: string): string {
  return String(row[column])
}

function statusOf(row: Row | undefined): string {
  return row === undefined ? 'none' : text(row, 'status')
}

function byKey(rows: readonly Row[], key: (row: Row) => string): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [key(row), row]))
}

function twice(what: string, rows: readonly Row[], key: (row: Row) => string): string[] {
  const seen = new Map<string, number>()
  for (const row of rows) seen.set(key(row), (seen.get(key(row)) ?? 0) + 1)
  return [...seen]
    .filter(([, count]) => count > 1)
    .map(([one, count]) => `twice: ${what} ${one} (${count} rows)`)
}

function pick(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(columns.map((column) => [column, row[column]]))
}

function equal(row: Row | undefined, expected: Row): boolean {
  return row !== undefined && Object.entries(expected).every(([column, value]) => row[column] === value)
}
