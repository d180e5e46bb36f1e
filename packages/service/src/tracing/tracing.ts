// Owns: spans of this process and their way to a collector (OTLP over HTTP), by OpenTelemetry's SDK.
// Does not own: what is told of sagas (saga-spans) and of requests (traced-requests).
// I1: nobody waits for a collector: spans wait in a bounded queue, what does not fit is dropped, and a stop waits for
// `EXPORT_MS_MAX` at most.
// I2: a collector that is away is said like any other failure, and fails nothing else.
// I3: whether a saga's trace is kept follows from its id, so all processes keep it or none does.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api'
import { hrTime, millisToHrTime, type ExportResult } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type IdGenerator,
  type SpanExporter,
} from '@opentelemetry/sdk-trace'
import { decisionsApart, type SagaRef } from '@ensemble/core'
import type { Server } from '@ensemble/http'
import type { Bus, CallTold } from '@ensemble/runtime'
import type { StartTold } from '../module.ts'
import type { TracingSettings } from '../tracing-config.ts'
import { rootOf, sagaAttributes } from './contexts.ts'
import { spanOf, spanOfCall, traceOf, type SagaSpan, type SagaTrace } from './saga-spans.ts'
import { tracedBus } from './traced-bus.ts'
import { tracedRequests } from './traced-requests.ts'

export interface Tracing {
  watch(server: Server, service: string): void
  bus(bus: Bus, service: string): Bus
  /** Sends what is left, if somebody takes it. */
  stop(): Promise<void>
}

export interface TracingOptions {
  readonly settings: TracingSettings
  readonly version: string
  /** Hears why spans were not taken. */
  readonly fail: (error: unknown) => void
}

const SCOPE = 'ensemble'
/** Spans that wait to be sent: a second of a busy process. */
const QUEUE_COUNT_MAX = 16_384
const EXPORT_COUNT_MAX = 2_048
const EXPORT_EVERY_MS = 1_000
const EXPORT_MS_MAX = 3_000

type Moment = ReturnType<typeof hrTime>

/** Where a saga's span belongs, and when it was. */
interface Measured {
  readonly tracer: Tracer
  readonly began: Moment
  readonly ended: Moment
}

export function startTracing({ settings, version, fail }: TracingOptions): Tracing {
  const ratio = new TraceIdRatioBasedSampler(settings.ratio)
  const isKept = (saga: SagaRef): boolean => {
    const { decision } = ratio.shouldSample(ROOT_CONTEXT, traceOf(saga).traceId)
    return decision === SamplingDecision.RECORD_AND_SAMPLED
  }
  const ids = new GivenIds()
  const processor = new BatchSpanProcessor({
    exporter: complaining(exporterTo(settings), fail),
    maxQueueSize: QUEUE_COUNT_MAX,
    maxExportBatchSize: EXPORT_COUNT_MAX,
    scheduledDelayMillis: EXPORT_EVERY_MS,
    exportTimeoutMillis: EXPORT_MS_MAX,
  })
  const tracers = new Map<string, Tracer>()
  const tracerOf = (service: string): Tracer => {
    const known = tracers.get(service)
    if (known !== undefined) return known
    const name = settings.serviceName ?? service
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': name, 'service.version': version }),
      sampler: new ParentBasedSampler({ root: ratio }),
      idGenerator: ids,
      spanProcessors: [processor],
    })
    const tracer = provider.getTracer(SCOPE, version)
    tracers.set(service, tracer)
    return tracer
  }
  const write = (span: SagaSpan, measured: Measured): void => {
    if (isKept(span.saga)) writeSpan(span, measured, ids)
  }
  const requests = tracedRequests(isKept)
  const deaf = hear({
    'ensemble:call': (told: CallTold) => {
      const tracer = tracers.get(told.service)
      const [began, ended] = [millisToHrTime(told.beganAt), millisToHrTime(told.endedAt)]
      if (tracer !== undefined) write(spanOfCall(told), { tracer, began, ended })
    },
    'ensemble:started': ({ request, saga }: StartTold) => requests.started(request, saga),
  })
  return {
    watch: (server, service) => requests.watch(server, tracerOf(service)),
    bus: (bus, service) => {
      const tracer = tracerOf(service)
      return tracedBus(bus, () => {
        const began = hrTime()
        return (sent) => {
          const ended = hrTime()
          for (const message of sent.flatMap(decisionsApart)) {
            const span = spanOf(message)
            if (span === null) continue
            // Said in another one's transaction it is still its own.
            const by = 'source' in message ? tracers.get(message.source ?? service) : undefined
            write(span, { tracer: by ?? tracer, began, ended })
          }
        }
      })
    },
    stop: async () => {
      deaf()
      await processor.shutdown().catch(() => undefined)
    },
  }
}

function exporterTo({ endpoint, headers }: TracingSettings): SpanExporter {
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`
  return new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: EXPORT_MS_MAX - 1_000 })
}

/** The SDK tells failures to nobody but its own log. */
function complaining(exporter: SpanExporter, fail: (error: unknown) => void): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result: ExportResult) => {
        if (result.error !== undefined) fail(result.error)
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
  }
}

/** Random ids, but for the root of a saga's trace, whose ids others know already. */
class GivenIds implements IdGenerator {
  readonly #random = new RandomIdGenerator()
  #next: SagaTrace | undefined

  generateTraceId(): string {
    return this.#next?.traceId ?? this.#random.generateTraceId()
  }

  generateSpanId(): string {
    return this.#next?.spanId ?? this.#random.generateSpanId()
  }

  /** `make` is synchronous: nobody else asks for an id meanwhile. */
  give<T>(ids: SagaTrace, make: () => T): T {
    this.#next = ids
    try {
      return make()
    } finally {
      this.#next = undefined
    }
  }
}

function writeSpan(said: SagaSpan, { tracer, began, ended }: Measured, ids: GivenIds): void {
  const { saga, name } = said
  const root = rootOf(saga)
  const kind = said.isRoot ? SpanKind.PRODUCER : SpanKind.INTERNAL
  const attributes = { ...sagaAttributes(saga), ...said.attributes }
  const options = { kind, attributes, startTime: began }
  const span = said.isRoot
    ? ids.give(root, () => tracer.startSpan(name, options, ROOT_CONTEXT))
    : tracer.startSpan(name, options, trace.setSpanContext(ROOT_CONTEXT, root))
  for (const event of said.events) span.addEvent(event.name, event.attributes, ended)
  if (said.isFault) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end(ended)
}

type Listeners = Readonly<Record<string, (told: never) => void>>

/** What is told on a channel has the channel's type: only this code's own engine and services tell on these. */
function hear(listeners: Listeners): () => void {
  const all = Object.entries(listeners).map(([name, listener]) => {
    const listen = (told: unknown): void => listener(told as never)
    subscribe(name, listen)
    return () => void unsubscribe(name, listen)
  })
  return () => {
    for (const end of all) end()
  }
}
