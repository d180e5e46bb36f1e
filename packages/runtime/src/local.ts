// Owns: what a host says to itself: it is handled in the transaction that says it, round after round.
// I1: it goes over the bus all the same, marked with who has handled it: others read it, and its reader does nothing
// again.
// I2: a message is handled here whole or not at all; what this host does not know, observes, or asks SQL of its own for
// is left to the bus.
// I3: what is handled is plain JSON, as the bus would have brought it.
import { plain, type Message, type SagaRef } from '@ensemble/core'
import { handleSorted, sortBatch, type BatchOptions, type Sorted } from './dispatch.ts'
import { callsSql } from './perform/perform.ts'
import type { Transaction } from './ports.ts'

/** A long saga of one service goes on in the next transaction: locks are not kept for ever. */
const ROUNDS_MAX = 8

export interface LocalOptions extends BatchOptions {
  /** Called before anything is handled here: what fails from now on need not be the batch itself. */
  readonly onOwn: () => void
}

/** What is to be sent when these messages are: those for this host itself are handled and marked. */
export async function handleLocally(
  tx: Transaction,
  sent: readonly Message[],
  options: LocalOptions,
): Promise<readonly Message[]> {
  const all: Message[] = []
  let said = sent
  for (let round = 0; round < ROUNDS_MAX && said.length > 0; round += 1) {
    const own: Sorted = sortBatch([], options)
    let ownCount = 0
    for (const message of said) {
      const isOwn = isAddressed(message, options) && addTo(own, message, options)
      if (isOwn) ownCount += 1
      all.push(isOwn ? { ...message, handledBy: options.service.name } : message)
    }
    if (ownCount === 0) return all
    options.onOwn()
    said = await handleSorted(tx, own, options)
  }
  return [...all, ...said]
}

/** Whether it may mean something to this host: most messages do not, and that is told without reading them. */
function isAddressed(message: Message, { service, advance, starter }: BatchOptions): boolean {
  const { name, follows } = service
  switch (message.type) {
    case 'command':
    case 'withdraw':
      return message.ask.participant === name
    case 'start':
      return message.slip?.ask.participant === name || (advance !== null && isOrchestrated(message.saga))
    case 'event':
      return (
        message.slip?.ask.participant === name ||
        follows.has(message.name) ||
        (advance !== null && isOrchestrated(message.saga))
      )
    case 'ended':
      return starter !== null || follows.has(message.name)
    case 'cancel':
      return advance !== null
    case 'timer':
    case 'retry':
    case 'history':
    case 'note':
      return false
    default:
      return message satisfies never
  }
}

function isOrchestrated(saga: SagaRef | null): boolean {
  return saga?.pattern === 'orchestration'
}

function addTo(own: Sorted, message: Message, options: BatchOptions): boolean {
  const copy = plain(message)
  const { works, advances, ends, observed, unknown } = sortBatch(
    [{ ok: true, message: copy, topic: copy.topic, partition: 0, position: '' }],
    options,
  )
  if (works.length + advances.length + ends.length === 0) return false
  if (observed.length + unknown.length > 0 || works.some(callsSql)) return false
  own.works.push(...works)
  own.advances.push(...advances)
  own.ends.push(...ends)
  return true
}
