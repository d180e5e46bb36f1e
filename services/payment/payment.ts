// Owns: the rules about one payment: what is due, what came in, what went back. Pure.
// Does not own: who asks (handlers.ts), tables (payment-store.ts), the order's fate (the saga).
// I1: in = change + refund + what is kept; a payment keeps at most the amount due, and nothing once it has failed.
// I2: amounts decide the status: Pending (nothing came in) -> Waiting (a part) -> Paid. Failed is final and
// takes no money.
// I3: whoever closes a payment books its refund and frees its credit in the same change.
// I4: a user's credit is the sum of what is due on Pay Later payments that are open, at most the limit.
import {
  deferred,
  rejected,
  succeeded,
  type Outcome,
  type OutcomeOf,
  type Succeeded,
  type Time,
} from '@ensemble/core'
import type { AggregateContext, Change, Settlement, WithdrawOutcome } from '@ensemble/runtime'
import {
  momentOf,
  nameIn,
  PAYMENT_DUE_SOON,
  PAYMENT_MODEL,
  PAYMENT_REFUNDED,
  PAYMENT_STATUS,
  type payment,
  type PaymentDueSoon,
  type PaymentModel,
  type PaymentRefunded,
  type PaymentResult,
  type PaymentStatus,
} from '@ensemble/service-contracts'

export interface Payment {
  /** Also the order's: an order has one payment. */
  readonly uuid: string
  readonly userId: string
  readonly model: PaymentModel
  readonly status: PaymentStatus
  /** Why it failed. */
  readonly because: 'expired' | 'cancelled' | null
  readonly inquiryNumber: string
  readonly bankName: string
  readonly bankAccountNumber: string
  /** Null while it is open; the first payment settles it. */
  readonly amountDue: number | null
  /** Sums of the ledger's entries. */
  readonly received: number
  readonly changed: number
  readonly refunded: number
  readonly dueAt: Time
  readonly createdAt: Time
  readonly updatedAt: Time
  /** As it was read; 0 for a new row. */
  readonly version: number
}

/** What a user owes on Pay Later. */
export interface Credit {
  readonly userId: string
  readonly open: number
  /** As it was read; 0 for a new row. */
  readonly version: number
}

export interface PaymentEntry {
  readonly paymentId: string
  readonly kind: 'in' | 'change' | 'refund'
  readonly amount: number
  /** What booked it; an operation books one entry of a kind. */
  readonly operation: string
  readonly bankAccountNumber: string
  readonly at: Time
}

export interface PaymentTerms {
  readonly dueInMs: number
  readonly payLaterLimit: number
}

export const EXPIRE_TIMER = 'payment.expire'
export const REMIND_TIMER = 'payment.remind'

/** The reminder comes when this part of the time to pay is over: six hours before the end of a day. */
const REMIND_AFTER = 0.75

type Related = { readonly credit: Credit }
type Context = Pick<AggregateContext<Related>, 'now' | 'operation' | 'related' | 'deferred'>
type Changed<Result> = Change<Payment, Related, PaymentEntry, Result>
type Answered<Request extends keyof typeof payment> = Changed<OutcomeOf<(typeof payment)[Request]['spec']>>

export interface PreparePayment {
  readonly orderId: string
  readonly userId: string
  readonly paymentModelId: string
  /** Checked, but amounts decide the status whatever it says. */
  readonly paymentStatusId: string | null
  readonly amountDue: number | null
  readonly inquiryNumber: string
  readonly bankName: string
}

export interface PayOrder {
  readonly orderId: string
  readonly amount: number
  readonly bankAccountNumber: string
  readonly userId: string | null
  readonly paymentModelId: string | null
}

export function prepare(terms: PaymentTerms) {
  return (state: Payment | undefined, input: PreparePayment, context: Context): Answered<'prepare'> => {
    if (state !== undefined) throw new Error(`payment ${input.orderId} exists already`)
    const { orderId, userId, paymentModelId, paymentStatusId, amountDue, inquiryNumber, bankName } = input
    const model = nameIn(PAYMENT_MODEL, paymentModelId)
    if (model === undefined)
      return { outcome: rejected('unknown_model', { id_payment_model: paymentModelId }) }
    if (paymentStatusId !== null && nameIn(PAYMENT_STATUS, paymentStatusId) === undefined) {
      return { outcome: rejected('unknown_status', { id_payment_status: paymentStatusId }) }
    }
    if (model === 'Pay Later' && amountDue === null) {
      return { outcome: rejected('amount_required', { id_payment_model: paymentModelId }) }
    }
    const { now } = context
    const dueAt = now + terms.dueInMs
    const next: Payment = {
      uuid: orderId,
      userId,
      model,
      status: amountDue === 0 ? 'Paid' : 'Pending',
      because: null,
      inquiryNumber,
      bankName,
      bankAccountNumber: '',
      amountDue,
      received: 0,
      changed: 0,
      refunded: 0,
      dueAt,
      createdAt: now,
      updatedAt: now,
      version: 0,
    }
    const held = creditHeld(next)
    const credit = context.related.credit ?? { userId, open: 0, version: 0 }
    if (held > 0 && credit.open + held > terms.payLaterLimit) {
      const data = { limit: terms.payLaterLimit, open_total: credit.open, payment_order: held }
      return { outcome: rejected('over_limit', data) }
    }
    return {
      outcome: succeeded(resultOf(next)),
      state: next,
      ...(held > 0 ? { related: { credit: { ...credit, open: credit.open + held } } } : {}),
      ...(isOpen(next) ? { timers: timersOf(next) } : {}),
    }
  }
}

/** Undoes the preparation: whatever came in goes back. */
export function cancel(state: Payment | undefined, _input: unknown, context: Context): Answered<'cancel'> {
  if (state === undefined) return { outcome: succeeded(null) }
  if (state.status === 'Failed') return { outcome: succeeded(resultOf(state)) }
  const { change, next } = close(state, 'cancelled', context)
  const settlements = settled(context, rejected('cancelled', { uuid_order: state.uuid }))
  return { ...change, settlements, outcome: succeeded(resultOf(next)) }
}

export function collect(
  state: Payment | undefined,
  input: { readonly orderId: string },
): Answered<'collect'> {
  if (state === undefined) return { outcome: rejected('unknown_order', { uuid_order: input.orderId }) }
  switch (state.status) {
    case 'Paid':
      return { outcome: succeeded(resultOf(state)) }
    case 'Failed':
      return { outcome: refusal(state) }
    case 'Pending':
    case 'Waiting':
      return { outcome: deferred({ until: state.dueAt }) }
    default:
      return state.status satisfies never
  }
}

/**
 * A cancel meets a collection that waits for money. What is paid is paid; else the payment closes at once, so that
 * no money
 * comes in between this answer and the saga's undo.
 */
export function withdraw(
  state: Payment | undefined,
  _input: unknown,
  context: Context,
): Changed<WithdrawOutcome> {
  if (state?.status === 'Paid') return { outcome: succeeded(resultOf(state)) }
  const outcome: WithdrawOutcome = { status: 'withdrawn' }
  if (state === undefined || state.status === 'Failed') return { outcome }
  return { ...close(state, 'cancelled', context).change, outcome }
}

export function pay(state: Payment | undefined, input: PayOrder, context: Context): Answered<'pay'> {
  if (state === undefined) return { outcome: rejected('unknown_order', { uuid_order: input.orderId }) }
  const refused = payRefusal(state, input, context.now)
  if (refused !== null) return { outcome: refused }
  const { amount } = input
  const { now, operation } = context
  const amountDue = state.amountDue ?? amount
  const received = state.received + amount
  const excess = Math.max(0, received - amountDue)
  const bankAccountNumber = input.bankAccountNumber === '' ? state.bankAccountNumber : input.bankAccountNumber
  const next: Payment = {
    ...state,
    status: received >= amountDue ? 'Paid' : 'Waiting',
    bankAccountNumber,
    amountDue,
    received,
    changed: excess,
    updatedAt: now,
  }
  const entry = { paymentId: state.uuid, operation, bankAccountNumber, at: now }
  const paidIn: PaymentEntry = { ...entry, kind: 'in', amount }
  const change: Changed<OutcomeOf<(typeof payment)['pay']['spec']>> = {
    outcome: succeeded(resultOf(next)),
    state: next,
    entries: excess === 0 ? [paidIn] : [paidIn, { ...entry, kind: 'change', amount: excess }],
  }
  if (next.status !== 'Paid') return change
  return {
    ...change,
    ...creditFreed(state, context),
    settlements: settled(context, succeeded(resultOf(next))),
  }
}

/** The due date has come. Verified here: a payment that is closed, or due later, is left alone. */
export function expire(
  state: Payment | undefined,
  input: { readonly orderId: string },
  context: Context,
): Answered<'close'> {
  const outcome = succeeded()
  if (state === undefined || !isOpen(state)) return { outcome }
  if (context.now < state.dueAt)
    return { outcome, timers: [{ name: EXPIRE_TIMER, at: state.dueAt, data: input }] }
  const { change, next } = close(state, 'expired', context)
  return { ...change, settlements: settled(context, refusal(next)), outcome }
}

export function remind(
  state: Payment | undefined,
  _input: unknown,
  context: Pick<Context, 'now'>,
): Changed<Succeeded> {
  if (state === undefined || !isOpen(state) || context.now >= state.dueAt) return { outcome: succeeded() }
  const data: PaymentDueSoon = {
    uuid_order: state.uuid,
    uuid_user: state.userId,
    payment_order: state.amountDue,
    payment_total: state.received,
    due_date: momentOf(state.dueAt),
  }
  return { outcome: succeeded(), events: [{ name: PAYMENT_DUE_SOON, data }] }
}

export function isOpen(state: Payment): boolean {
  return state.status === 'Pending' || state.status === 'Waiting'
}

/** What an open payment holds of its user's credit. */
export function creditHeld(state: Payment): number {
  return state.model === 'Pay Later' && isOpen(state) ? (state.amountDue ?? 0) : 0
}

export function resultOf(state: Payment): PaymentResult {
  return {
    uuid: state.uuid,
    uuid_order: state.uuid,
    uuid_user: state.userId,
    id_payment_status: PAYMENT_STATUS[state.status],
    id_payment_model: PAYMENT_MODEL[state.model],
    inquiry_number: state.inquiryNumber,
    bank_account_number: state.bankAccountNumber,
    nm_bank: state.bankName,
    payment_total: state.received,
    payment_order: state.amountDue,
    change_total: state.changed,
    refund_total: state.refunded,
    due_date: momentOf(state.dueAt),
    created_at: momentOf(state.createdAt),
    updated_at: momentOf(state.updatedAt),
    deleted_at: null,
  }
}

function payRefusal(state: Payment, input: PayOrder, now: Time) {
  const uuidOrder = state.uuid
  if (input.userId !== null && input.userId !== state.userId) {
    return rejected('mismatch', { uuid_order: uuidOrder, field: 'uuid_user' as const })
  }
  if (input.paymentModelId !== null && input.paymentModelId !== PAYMENT_MODEL[state.model]) {
    return rejected('mismatch', { uuid_order: uuidOrder, field: 'id_payment_model' as const })
  }
  if (state.status === 'Paid') return rejected('settled', { uuid_order: uuidOrder })
  if (state.status === 'Failed') return refusal(state)
  // The timer that closes it may be a moment late; the due date is not.
  return now >= state.dueAt ? refusal({ ...state, because: 'expired' }) : null
}

function refusal(state: Payment) {
  return state.because === 'expired'
    ? rejected('expired', { uuid_order: state.uuid, due_date: momentOf(state.dueAt) })
    : rejected('cancelled', { uuid_order: state.uuid })
}

function timersOf(state: Payment): NonNullable<Changed<Outcome>['timers']> {
  const data = { orderId: state.uuid }
  const remindAt = state.createdAt + Math.round((state.dueAt - state.createdAt) * REMIND_AFTER)
  return [
    { name: REMIND_TIMER, at: remindAt, data },
    { name: EXPIRE_TIMER, at: state.dueAt, data },
  ]
}

/** Fails a payment: refund, credit and event with it. A paid one is refunded what it kept. */
function close(
  state: Payment,
  because: 'expired' | 'cancelled',
  context: Context,
): { readonly next: Payment; readonly change: Omit<Changed<Outcome>, 'outcome'> } {
  const { now, operation } = context
  const amount = state.received - state.changed - state.refunded
  const next: Payment = {
    ...state,
    status: 'Failed',
    because,
    refunded: state.refunded + amount,
    updatedAt: now,
  }
  const change = { state: next, ...creditFreed(state, context) }
  if (amount === 0) return { next, change }
  const { uuid: paymentId, bankAccountNumber } = state
  const entry: PaymentEntry = { paymentId, kind: 'refund', amount, operation, bankAccountNumber, at: now }
  const data: PaymentRefunded = { uuid_order: state.uuid, uuid_user: state.userId, amount, because }
  return { next, change: { ...change, entries: [entry], events: [{ name: PAYMENT_REFUNDED, data }] } }
}

function creditFreed(state: Payment, { related }: Context): { readonly related?: Related } {
  const held = creditHeld(state)
  if (held === 0) return {}
  if (related.credit === undefined)
    throw new Error(`payment ${state.uuid} holds credit of user ${state.userId}, who has none`)
  return { related: { credit: { ...related.credit, open: related.credit.open - held } } }
}

function settled(context: Context, outcome: Outcome): readonly Settlement[] {
  return context.deferred
    .filter(({ request }) => request === 'collect')
    .map(({ operation }) => ({ operation, outcome }))
}
