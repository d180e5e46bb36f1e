// Owns: one span for each HTTP request of a service, within the caller's trace if he names one (W3C Trace Context).
// I1: the request's own header names the span from then on, so that whoever passes headers on passes it on.
// I2: a request that starts a saga links to the saga's trace, which goes on when the request is answered.
// I3: health is asked all the time, and is not traced.
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import type { SagaRef } from '@ensemble/core'
import type { Server } from '@ensemble/http'
import { rootOf, sagaAttributes } from './contexts.ts'

const HEALTH = /^\/(?:v1\/)?health(?:\/|$)/
const FAULT_STATUS_MIN = 500

export interface TracedRequests {
  watch(server: Server, tracer: Tracer): void
  /** `request` is the one that Node gave. */
  started(request: object, saga: SagaRef): void
}

export function tracedRequests(isKept: (saga: SagaRef) => boolean): TracedRequests {
  const propagator = new W3CTraceContextPropagator()
  const spans = new WeakMap<object, Span>()
  return {
    watch: (server, tracer) => {
      server.addHook('onRequest', async ({ raw, id, method, url, routeOptions }) => {
        const route = routeOptions.url
        if (route !== undefined && HEALTH.test(route)) return
        const { headers } = raw
        const parent = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
        const attributes = {
          'http.request.method': method,
          'url.path': url.split('?', 1)[0],
          'http.request.id': id,
          ...(route !== undefined && { 'http.route': route }),
        }
        const name = route === undefined ? method : `${method} ${route}`
        const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent)
        spans.set(raw, span)
        propagator.inject(trace.setSpan(parent, span), headers, defaultTextMapSetter)
      })
      server.addHook('onResponse', async ({ raw }, { statusCode }) => {
        const span = spans.get(raw)
        if (span === undefined) return
        span.setAttribute('http.response.status_code', statusCode)
        if (statusCode >= FAULT_STATUS_MIN) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      })
    },
    started: (request, saga) => {
      const span = spans.get(request)
      if (span === undefined) return
      span.setAttributes(sagaAttributes(saga))
      if (isKept(saga)) span.addLink({ context: rootOf(saga) })
    },
  }
}
