// Owns: looking for payments of which something is late, and healing them: a due date that nobody kept, an order that
// has not said that it heard how its payment ended.
// Not here: what a payment or an order may do. Nothing is changed past them: a stored answer is sent again, or the
// payment is asked to do what its timer should have told it.
// I1: of several instances one has the turn (reconciliation-store.ts); who dies in his turn is followed by the next.
// I2: healing what is not broken changes nothing, so being early is safe.
// I3: a pass is bounded; what it did not reach is older than the rest, and so the first of the next one.
import { channel } from 'node:diagnostics_channel'
import { eventNames, operationId, TOPIC, type Message } from '@ensemble/core'
import type { Clock, Host, Observer } from '@ensemble/runtime'
import { order, payment, placeOrder } from '@ensemble/service-contracts'
import { RECONCILE_COUNT_MAX, type Late, type Reconciliations, type Tally } from './reconciliation-store.ts'

const ROUNDS_OF_PASS_MAX = 50
/** Looks in one interval: how late a turn can begin. */
const LOOKS_OF_INTERVAL = 4

/** From the last to the first: who passed the turn on last sends again what may be lost. */
const ASKED = [
  ['preparePayment', 'undo'],
  ['collectPayment', 'run'],
  ['preparePayment', 'run'],
] as const

const HEARD: ReadonlySet<string> = new Set([
  eventNames.succeeded(order.complete),
  eventNames.succeeded(order.fail),
])

const told = channel('ensemble:reconcile')

export interface Reconciling {
  readonly host: Pick<Host, 'answerAgain' | 'execute'>
  readonly store: Reconciliations
  readonly clock: Pick<Clock, 'sleep'>
  readonly everyMs: number
  readonly say: (line: string) => void
}

/** Hears from orders that they have the last word about their payment. */
export function orderObserver(store: Pick<Reconciliations, 'heard'>): Observer {
  return {
    topics: [TOPIC.events(order.open.participant)],
    record: async (tx, messages) => {
      const uuids = messages.flatMap(orderHeardIn)
      if (uuids.length > 0) await store.heard(tx, uuids)
    },
  }
}

/** Runs until the answer is called, which waits for the pass under way. */
export function keepReconciling(reconciling: Reconciling): () => Promise<void> {
  const { clock, everyMs } = reconciling
  const stopping = new AbortController()
  const { signal } = stopping
  const passes = (async (): Promise<void> => {
    while (!signal.aborted) {
      // A database that is away is told by readiness; the next look tries again.
      await reconcile(reconciling, signal).catch(() => null)
      await clock.sleep(Math.ceil(everyMs / LOOKS_OF_INTERVAL), signal)
    }
  })()
  return async () => {
    stopping.abort()
    await passes
  }
}

/** One pass; null when it is not our turn. */
export async function reconcile(reconciling: Reconciling, signal?: AbortSignal): Promise<Tally | null> {
  const { store, everyMs, say } = reconciling
  if (!(await store.begin(everyMs))) return null
  const tally = { late: 0, sent: 0, closed: 0, unhealed: 0 }
  for (let round = 0; round < ROUNDS_OF_PASS_MAX && signal?.aborted !== true; round += 1) {
    const late = await store.late(everyMs)
    for (const one of late) tally[await healed(reconciling, one)] += 1
    tally.late += late.length
    if (late.length < RECONCILE_COUNT_MAX) break
  }
  await store.end(tally)
  if (told.hasSubscribers) told.publish({ service: payment.pay.participant, ...tally })
  if (tally.late > 0) {
    const { late, sent, closed, unhealed } = tally
    say(`payments: ${late} late; ${sent} answers sent again, ${closed} closed, ${unhealed} not healed`)
  }
  return tally
}

async function healed(
  { host }: Pick<Reconciling, 'host'>,
  { uuid, isOpen }: Late,
): Promise<'sent' | 'closed' | 'unhealed'> {
  try {
    if (isOpen) {
      await host.execute(payment.close, { orderId: uuid })
      return 'closed'
    }
    for (const [step, direction] of ASKED) {
      const operation = operationId({ plan: placeOrder.name, id: uuid }, step, direction)
      if (await host.answerAgain(operation)) return 'sent'
    }
  } catch {
    // Counted; the next pass but one meets it again.
  }
  return 'unhealed'
}

function orderHeardIn(message: Message): readonly string[] {
  if (message.type !== 'event' || message.saga?.plan !== placeOrder.name) return []
  return HEARD.has(message.name) ? [message.saga.id] : []
}
