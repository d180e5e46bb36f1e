// Where traces go.
import { expect, test } from 'vitest'
import { EnvironmentError, readEnvironment } from '../src/config.ts'

type Env = Readonly<Record<string, string>>

const tracingOf = (env: Env) => readEnvironment({ env, services: [] }).tracing

function problemsOf(env: Env): readonly string[] {
  try {
    tracingOf(env)
    return []
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems
    throw error
  }
}

test('without an endpoint nothing is traced, whatever else is set', () => {
  expect(tracingOf({ OTEL_SERVICE_NAME: 'shop', OTEL_TRACES_SAMPLER_ARG: '0.5' })).toBeUndefined()
})

test('an endpoint is enough: all traces, by each service’s own name', () => {
  const endpoint = 'http://127.0.0.1:4318'
  const all = { endpoint, headers: {}, serviceName: undefined, ratio: 1 }
  expect(tracingOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toEqual(all)
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b=,x-team=shop',
    OTEL_SERVICE_NAME: 'shop',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
  }
  expect(tracingOf(env)).toEqual({
    endpoint,
    headers: { 'x-key': 'a b=', 'x-team': 'shop' },
    serviceName: 'shop',
    ratio: 0.1,
  })
})

test.each(['collector:4318', 'grpc://collector:4317', 'http://collector:4318/?token=1'])(
  'a wrong endpoint is refused, with what to set instead: %s',
  (endpoint) => {
    expect(problemsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toEqual([
      `OTEL_EXPORTER_OTLP_ENDPOINT: '${endpoint}' is not usable; ` +
        'set the URL of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318',
    ])
  },
)

test('a protocol that is not spoken, and a part that is none, are refused', () => {
  expect(problemsOf({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_TRACES_SAMPLER_ARG: '2' })).toEqual([
    "OTEL_TRACES_SAMPLER_ARG: '2' is not usable; set the part of traces to keep, from 0 to 1",
    "OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' is not usable; set http/json, or leave it out",
  ])
})

test.each(['s3cret', 'a b=s3cret', 'x=s3cret%', 'x=s3cret,,'])(
  'headers that are none are refused, unsaid: %s',
  (headers) => {
    expect(problemsOf({ OTEL_EXPORTER_OTLP_HEADERS: headers })).toEqual([
      "OTEL_EXPORTER_OTLP_HEADERS: '***' is not usable; set name=value, several with commas between",
    ])
  },
)
