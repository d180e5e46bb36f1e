// Owns: starting the delivery of what is queued. The queue is the messages' own table, so a message commits with what
// made it; a delivery is a saga whose id follows from the message, so starting it again does nothing.
// I1: a message leaves the queue only after its delivery was started; who dies in between starts it again.
import type { Clock, Host } from '@ensemble/runtime'
import { deliverMessage } from '@ensemble/service-contracts'
import type { Outbox } from './notification-store.ts'

/** Deliveries that begin in one round. */
const ROUND_COUNT_MAX = 100
const POLL_MS_DEFAULT = 250

export interface Dispatching {
  readonly host: Pick<Host, 'start'>
  readonly outbox: Pick<Outbox, 'queued' | 'leaveQueue'>
  readonly clock: Pick<Clock, 'sleep'>
  readonly pollMs?: number | undefined
}

/** Runs until the answer is called, which waits for the round under way. */
export function dispatch(dispatching: Dispatching): () => Promise<void> {
  const { clock, pollMs = POLL_MS_DEFAULT } = dispatching
  const stopping = new AbortController()
  const { signal } = stopping
  const rounds = (async (): Promise<void> => {
    while (!signal.aborted) {
      const isMore = await round(dispatching).catch(() => false)
      if (!isMore) await clock.sleep(pollMs, signal)
    }
  })()
  return async () => {
    stopping.abort()
    await rounds
  }
}

async function round({ host, outbox }: Dispatching): Promise<boolean> {
  const queued = await outbox.queued(ROUND_COUNT_MAX)
  // Choreographed: a saga of one participant needs nobody else.
  const starts = queued.map(({ id, round }) =>
    host.start(deliverMessage, {
      id: `${id}.${round}`,
      input: { messageId: id, round },
      pattern: 'choreography',
    }),
  )
  await Promise.all(starts)
  if (queued.length > 0) await outbox.leaveQueue(queued.map(({ id }) => id))
  return queued.length === ROUND_COUNT_MAX
}
