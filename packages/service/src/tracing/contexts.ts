// Owns: a saga's trace in OpenTelemetry's words.
import type { Attributes, SpanContext } from '@opentelemetry/api'
import { TraceFlags } from '@opentelemetry/api'
import type { SagaRef } from '@ensemble/core'
import { traceOf } from './saga-spans.ts'

/** The first span of a saga's trace, wherever it was made. */
export function rootOf(saga: SagaRef): SpanContext {
  return { ...traceOf(saga), traceFlags: TraceFlags.SAMPLED, isRemote: true }
}

export function sagaAttributes({ plan, id, pattern }: SagaRef): Attributes {
  return { 'saga.plan': plan, 'saga.id': id, 'saga.pattern': pattern }
}
