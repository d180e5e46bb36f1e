// Owns: the rows and messages that the conformance suites store and send, complete, so that whole values are compared.
import type { CommandMessage, EventMessage, SagaState } from '@ensemble/core'
import type { OperationRow, SagaRow, StartRow } from '@ensemble/runtime'

export const HOUR_MS = 3_600_000
/** A time long before any run of a suite. */
export const LONG_AGO = 1_700_000_000_000

export function message(id: string, at: { readonly topic: string; readonly key?: string }): EventMessage {
  return {
    id,
    topic: at.topic,
    key: at.key ?? id,
    type: 'event',
    name: 'order.opened',
    source: 'order',
    at: LONG_AGO,
    data: { id, note: 'ünïcode, "quotes" and\nlines', amounts: [1, 2.5, -3], none: null },
    saga: { plan: 'order.place', id: `saga-${id}`, pattern: 'orchestration' },
    operation: `order.place/saga-${id}/openOrder/run`,
    answer: { status: 'succeeded', output: { number: 'A-1' } },
    slip: null,
    again: 0,
  }
}

export function command(
  id: string,
  { topic, key }: { readonly topic: string; readonly key: string },
): CommandMessage {
  return {
    id,
    topic,
    key,
    type: 'command',
    saga: { plan: 'order.place', id: `saga-${id}`, pattern: 'orchestration' },
    plan: { version: 1, fingerprint: '' },
    ask: {
      operation: id,
      step: 'openOrder',
      kind: 'compensatable',
      direction: 'run',
      participant: 'order',
      request: 'open',
      contract: 1,
      input: { id },
      deadline: null,
      issuedAt: LONG_AGO,
    },
  }
}

/** `count` messages over `keyCount` keys, in sending order. */
export function messages(
  count: number,
  at: { readonly topic: string; readonly keyCount: number },
): EventMessage[] {
  return Array.from({ length: count }, (_, index) =>
    message(`m${String(index).padStart(4, '0')}`, { topic: at.topic, key: `key-${index % at.keyCount}` }),
  )
}

/** Twelve messages of one key, 250,000 characters each, between short ones. */
export function longMessages(topic: string): EventMessage[] {
  return messages(24, { topic, keyCount: 1 }).map((one, index) =>
    index % 2 === 0 ? one : { ...one, data: { note: 'n'.repeat(250_000) } },
  )
}

export function operation(id: string, fields: Partial<OperationRow> = {}): OperationRow {
  return {
    id,
    status: 'succeeded',
    owner: 'order',
    key: `key of ${id}`,
    attempt: 1,
    origin: null,
    sent: `[{"sent":"for ${id}"}]`,
    wish: null,
    again: 0,
    dueAt: null,
    doubt: false,
    parked: null,
    version: 0,
    ...fields,
  }
}

export function sagaRow(id: string, fields: Partial<SagaRow> = {}): SagaRow {
  return { plan: 'order.place', id, state: running(id), wish: null, parked: null, version: 0, ...fields }
}

export function running(id: string): SagaState {
  return {
    version: 1,
    fingerprint: 'f1',
    saga: { plan: 'order.place', id, pattern: 'orchestration' },
    input: { orderId: id, items: [{ sku: 'a', count: 2 }], note: 'ü' },
    results: { openOrder: { number: 'A-1' } },
    seq: 3,
    startedAt: LONG_AGO,
    phase: { at: 'running', step: 'verifyUser', askedAt: LONG_AGO + 5, asks: 1, until: null, wish: null },
  }
}

export function completed(id: string): SagaState {
  return { ...running(id), seq: 9, phase: { at: 'completed', endedAt: LONG_AGO + 99 } }
}

export function startRow(id: string, fields: Partial<StartRow> = {}): StartRow {
  return {
    saga: { plan: 'order.place', id, pattern: 'choreography' },
    version: 1,
    inputFingerprint: `input of ${id}`,
    sent: `[{"start":"${id}"}]`,
    startedAt: LONG_AGO,
    ended: null,
    ...fields,
  }
}
