// What the tests of history share: messages as the engine publishes them.
import type {
  Because,
  EndedMessage,
  EventMessage,
  HistoryEntry,
  HistoryMessage,
  NoteMessage,
  NoteType,
  SagaRef,
} from '@ensemble/core'

export const ORDER = '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'
export const USER = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
export const T0 = Date.parse('2026-11-23T10:00:00.000Z')

export const placing: SagaRef = { plan: 'order.place', id: ORDER, pattern: 'orchestration' }
export const registering: SagaRef = { plan: 'user.register', id: USER, pattern: 'orchestration' }

/** A public event; its operation's name is its id. */
export function event(
  name: string,
  data: unknown,
  { at = T0, id = name, saga = placing }: { at?: number; id?: string; saga?: SagaRef | null } = {},
): EventMessage {
  const source = name.split('.')[0] ?? ''
  const topic = `${source}.events`
  const base = { type: 'event', id, topic, key: saga?.id ?? ORDER, name, source, at, data, saga } as const
  return { ...base, operation: null, answer: null, slip: null, again: 0 }
}

export function decision(seq: number, ...entries: readonly HistoryEntry[]): HistoryMessage {
  const id = `order.place/${ORDER}#${seq}`
  return {
    type: 'history',
    id,
    topic: 'saga.history',
    key: ORDER,
    saga: placing,
    seq,
    at: T0 + seq * 1_000,
    entries,
  }
}

export function asked(step: string, participant: string, direction: 'run' | 'undo' = 'run'): HistoryEntry {
  return { type: 'asked', step, direction, participant, request: step }
}

export function note(type: NoteType, operation: string | null, at: number): NoteMessage {
  const id = `order.place/${ORDER}~${type}~${operation ?? ''}~${at}`
  const note = { type, operation, attempt: 1, detail: 'why' }
  return { type: 'note', id, topic: 'saga.history', key: ORDER, saga: placing, at, source: 'order', note }
}

export function compensated(saga: SagaRef, because: Because, at = T0): EndedMessage {
  const name = `${saga.plan}.compensated`
  const end = { status: 'compensated', data: { because } } as const
  return {
    type: 'ended',
    id: `${saga.plan}/${saga.id}#ended`,
    topic: 'saga.ended',
    key: saga.id,
    name,
    saga,
    at,
    end,
  }
}
