// Owns: a saga's trace in OpenTelemetry's words.
// I1: whether a saga's trace is kept follows from its id, so all processes keep it or none does.
import { ROOT_CONTEXT, trace, TraceFlags, type Context } from '@opentelemetry/api'
import type { SagaRef } from '@ensemble/core'
import { traceOf } from './saga-spans.ts'

/** What a saga's spans are below. */
export function contextOf(saga: SagaRef, isKept: (traceId: string) => boolean): Context {
  const ids = traceOf(saga)
  const traceFlags = isKept(ids.traceId) ? TraceFlags.SAMPLED : TraceFlags.NONE
  return trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceFlags, isRemote: true })
}

export function sagaAttributes({ plan, id, pattern }: SagaRef): Readonly<Record<string, string>> {
  return { 'saga.plan': plan, 'saga.id': id, 'saga.pattern': pattern }
}
