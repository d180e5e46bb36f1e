// Owns: what must be true of the reference system's money, at the end and in every committed state. Pure.
// I1: in = change + refund + totals of Complete orders + what is open, per payment and in all.
// I2: a user's credit is what is due on Pay Later payments that are open, never more than the limit.
// I3: what a customer was told about a payment stands.
import type { Payment, PaymentEntry } from '@ensemble/service-payment/rules'
import type { Books } from './books.ts'
import { TERMS } from './customers.ts'

export function moneyProblems(books: Books): readonly string[] {
  const payments = books.payments.flatMap((states) => states.slice(-1))
  const byPayment = Map.groupBy(books.entries, ({ paymentId }) => paymentId)
  return [
    ...payments.flatMap((payment) => paymentProblems(payment, byPayment.get(payment.uuid) ?? [])),
    ...totalProblems(books, payments),
    ...creditProblems(books, payments),
    ...books.payments.flatMap((states) => changedAfterEnd(states)),
    ...bookedTwice(books.entries),
    ...toldProblems(books),
  ]
}

function sumOf(entries: readonly PaymentEntry[], kind: PaymentEntry['kind']): number {
  return entries.filter((entry) => entry.kind === kind).reduce((sum, { amount }) => sum + amount, 0)
}

function isOpen({ status }: Payment): boolean {
  return status === 'Pending' || status === 'Waiting'
}

function paymentProblems(payment: Payment, entries: readonly PaymentEntry[]): readonly string[] {
  const { uuid, status, received, changed, refunded } = payment
  const [cameIn, change, refund] = [sumOf(entries, 'in'), sumOf(entries, 'change'), sumOf(entries, 'refund')]
  const kept = cameIn - change - refund
  const problems: string[] = []
  if (received !== cameIn || changed !== change || refunded !== refund)
    problems.push(
      `payment ${uuid} says ${received}, ${changed}, ${refunded}, its ledger ${cameIn}, ${change}, ${refund}`,
    )
  // Without an amount due nothing has come in yet.
  const due = payment.amountDue ?? 0
  const isRight =
    status === 'Paid' ? kept === due : status === 'Failed' ? kept === 0 : kept >= 0 && kept < Math.max(1, due)
  if (!isRight) problems.push(`payment ${uuid} is ${status}, due ${due}, and keeps ${kept}`)
  return problems
}

function totalProblems({ orders, entries }: Books, payments: readonly Payment[]): readonly string[] {
  const complete = new Set(
    orders
      .flatMap((states) => states.slice(-1))
      .flatMap(({ uuid, status }) => (status === 'Complete' ? [uuid] : [])),
  )
  const totals = payments
    .filter(({ uuid }) => complete.has(uuid))
    .reduce((sum, { amountDue }) => sum + (amountDue ?? 0), 0)
  const open = payments.filter(isOpen).reduce((sum, { received, changed }) => sum + received - changed, 0)
  const [cameIn, change, refund] = [sumOf(entries, 'in'), sumOf(entries, 'change'), sumOf(entries, 'refund')]
  return cameIn === change + refund + totals + open
    ? []
    : [`in ${cameIn} is not change ${change} + refund ${refund} + Complete orders ${totals} + open ${open}`]
}

function creditProblems({ credits }: Books, payments: readonly Payment[]): readonly string[] {
  return credits.flatMap((states) => {
    const problems = states.flatMap(({ userId, open }) =>
      open < 0 || open > TERMS.payLaterLimit ? [`user ${userId} had credit for ${open}`] : [],
    )
    const [last] = states.slice(-1)
    if (last === undefined) return problems
    const owed = payments
      .filter((one) => one.userId === last.userId && one.model === 'Pay Later' && isOpen(one))
      .reduce((sum, { amountDue }) => sum + (amountDue ?? 0), 0)
    return owed === last.open
      ? problems
      : [...problems, `user ${last.userId} has credit for ${last.open} and owes ${owed}`]
  })
}

function changedAfterEnd(states: Books['payments'][number]): readonly string[] {
  return states.flatMap((state, index) => {
    const before = states[index - 1]
    if (before === undefined || before.status === state.status) return []
    // A paid one may still be cancelled, by a saga that goes back.
    const isRight = before.status !== 'Failed' && !(before.status === 'Paid' && state.status !== 'Failed')
    return isRight ? [] : [`payment ${state.uuid} was ${before.status} and became ${state.status}`]
  })
}

function bookedTwice(entries: readonly PaymentEntry[]): readonly string[] {
  const booked = Map.groupBy(entries, ({ operation, kind }) => `${kind} of ${operation}`)
  return [...booked].flatMap(([what, { length }]) =>
    length > 1 ? [`${what} is booked ${length} times`] : [],
  )
}

function toldProblems({ paid, entries }: Books): readonly string[] {
  return paid.flatMap(({ operation, amount, outcome }) => {
    const booked = entries.filter((entry) => entry.operation === operation && entry.kind === 'in')
    const isRight =
      outcome.status === 'succeeded'
        ? booked.length === 1 && booked[0]?.amount === amount
        : booked.length === 0
    return isRight
      ? []
      : [`payment ${operation} of ${amount} was ${outcome.status} and is booked ${booked.length} times`]
  })
}
