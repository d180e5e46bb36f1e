// Traces, as a collector gets them: one of each saga and one of each request, in both patterns.
import { PATTERNS, type Pattern } from '@ensemble/core'
import { startCollector, type Collector, type Span } from '@ensemble/service/testing/collector'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { AMOUNT, orderBody, registered } from './people.ts'
import { call, startTestSystem, type TestSystem } from './support.ts'

const CALLER = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' }
const TRACEPARENT = `00-${CALLER.trace}-${CALLER.span}-01`
/** A stop waits three seconds for a collector at most. */
const STOP_MS_MAX = 10_000
const SETTLED = { timeout: 20_000, interval: 50 }

/** What an order that is paid leaves, by who did it: operations, and the decisions about them. */
const OPERATIONS = ['openOrder', 'verifyUser', 'preparePayment', 'collectPayment', 'completeOrder', 'notify']
const DECISIONS: Readonly<Record<Pattern, readonly unknown[]>> = {
  orchestration: ['orchestrator'],
  choreography: ['gateway', 'order', 'user', 'payment', 'notification'],
}

function settingsOf(endpoint: string) {
  return { endpoint, headers: {}, serviceName: undefined, ratio: 1 }
}

async function placeAndPay(url: string, number: string, pattern: Pattern): Promise<string> {
  const user = await registered(url, number)
  const placed = await call(`${url}/v1/order`, {
    method: 'POST',
    body: orderBody(user, number),
    headers: { traceparent: TRACEPARENT, 'saga-pattern': pattern },
  })
  expect(placed.status).toBe(200)
  const order = String(placed.body['uuid'])
  const paid = await call(`${url}/v1/payment/${order}`, {
    method: 'PUT',
    body: { payment_total: AMOUNT, payment_status: 'Paid', bank_account_number: '1234567890' },
    headers: { traceparent: TRACEPARENT },
  })
  expect(paid.status).toBe(200)
  await vi.waitFor(async () => {
    const { body } = await call(`${url}/v1/saga/order.place/${order}`)
    expect(body).toMatchObject({ status: 'completed' })
  }, SETTLED)
  return order
}

describe('traces', () => {
  let collector: Collector
  let system: TestSystem
  beforeAll(async () => {
    collector = await startCollector()
    const tracing = settingsOf(collector.endpoint)
    system = await startTestSystem({ name: 'traced', environment: { tracing } })
  })
  afterAll(async () => {
    await system.end()
    await collector.close()
  })

  test.each(PATTERNS)('a placed and paid order is one trace of all who took part: %s', async (pattern) => {
    const order = await placeAndPay(system.url, `traced-${pattern}`, pattern)

    const ofSaga = (): readonly Span[] =>
      collector.spans.filter(
        ({ attributes }) =>
          attributes['saga.id'] === order && attributes['http.request.method'] === undefined,
      )
    await vi.waitFor(() => {
      expect(ofSaga().map(({ name }) => name)).toContain('decide: ended completed')
      expect(ofSaga().map(({ name }) => name)).toContain('start order.place')
    }, SETTLED)
    const spans = ofSaga()
    const roots = spans.filter(({ parentSpanId = '' }) => parentSpanId === '')
    const [root] = roots
    expect(roots.map(({ name, service }) => [name, service])).toEqual([['start order.place', 'gateway']])
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([root?.traceId]))
    expect(spans.filter((span) => span !== root && span.parentSpanId !== root?.spanId)).toEqual([])
    const operations = spans.filter(({ attributes }) => attributes['saga.outcome'] === 'succeeded')
    expect(new Set(operations.map(({ name }) => name))).toEqual(new Set(OPERATIONS))
    expect(operations.find(({ name }) => name === 'collectPayment')).toMatchObject({
      service: 'payment',
      attributes: {
        'saga.plan': 'order.place',
        'saga.id': order,
        'saga.pattern': pattern,
        'saga.operation': `order.place/${order}/collectPayment/run`,
        'saga.step': 'collectPayment',
        'saga.direction': 'run',
        'saga.event': 'payment.collected',
      },
    })
    const decided = spans.filter(({ attributes }) => attributes['saga.seq'] !== undefined)
    expect(new Set(decided.map(({ service }) => service))).toEqual(new Set(DECISIONS[pattern]))
  })

  test('a request goes on with its caller’s trace, from gateway to service, and links to its saga', async () => {
    const order = await placeAndPay(system.url, 'traced-requests', 'orchestration')

    const ofCaller = (): readonly Span[] =>
      collector.spans.filter(
        ({ traceId, attributes }) =>
          traceId === CALLER.trace &&
          (attributes['saga.id'] === order || String(attributes['url.path']).endsWith(order)),
      )
    await vi.waitFor(() => expect(ofCaller().length).toBeGreaterThanOrEqual(3), SETTLED)
    const [placed] = ofCaller().filter(({ name }) => name === 'POST /v1/order')
    expect(placed).toMatchObject({ service: 'gateway', parentSpanId: CALLER.span })
    expect(placed?.attributes).toMatchObject({ 'http.response.status_code': 200, 'saga.plan': 'order.place' })
    const start = collector.spans.find(({ spanId }) => spanId === placed?.links[0]?.spanId)
    expect(start).toMatchObject({ name: 'start order.place', traceId: placed?.links[0]?.traceId })
    const paid = ofCaller().filter(({ name }) => name.startsWith('PUT '))
    const [first] = paid.filter(({ service }) => service === 'gateway')
    const [second] = paid.filter(({ service }) => service === 'payment')
    expect(first?.parentSpanId).toBe(CALLER.span)
    expect(second?.parentSpanId).toBe(first?.spanId)
  })

  test('health, which is asked all the time, leaves no span; a refused request does', async () => {
    await call(`${system.url}/v1/health`)
    await call(`${system.url}/v1/order`, { method: 'POST', body: {} })

    const requests = (): readonly Span[] =>
      collector.spans.filter(({ attributes }) => attributes['http.request.method'] !== undefined)
    await vi.waitFor(
      () =>
        expect(requests().map(({ attributes }) => attributes['http.response.status_code'])).toContain(422),
      SETTLED,
    )
    expect(requests().filter(({ name }) => name.includes('health'))).toEqual([])
  })
})

test('given a collector that is away, orders are paid as ever, it is said once, and the stop is short', async () => {
  const gone = await startCollector()
  await gone.close()
  const said: string[] = []
  let stopMs = Infinity
  const system = await startTestSystem({
    name: 'untraced',
    environment: { tracing: settingsOf(gone.endpoint) },
    say: (line) => said.push(line),
  })
  try {
    await placeAndPay(system.url, 'untraced', 'orchestration')
    await vi.waitFor(() => expect(said.join('\n')).toMatch(/^tracing: export: .*ECONNREFUSED/m), SETTLED)
  } finally {
    const before = performance.now()
    await system.end()
    stopMs = performance.now() - before
  }
  expect(stopMs).toBeLessThan(STOP_MS_MAX)
  expect(said.filter((line) => line.startsWith('tracing:'))).toHaveLength(1)
})
