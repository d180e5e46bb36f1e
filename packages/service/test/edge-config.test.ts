// The settings of the public origin.
import { describe, expect, test } from 'vitest'
import { EnvironmentError, readEnvironment } from '../src/config.ts'
import { EDGE_DEFAULT } from '../src/edge-config.ts'

type Env = Readonly<Record<string, string>>

const edgeOf = (env: Env) => readEnvironment({ env, services: [] }).edge

describe('the public origin', () => {
  test('of nothing limits nobody, lets no page call, and waits as long as a peer may', () => {
    expect(edgeOf({})).toEqual(EDGE_DEFAULT)
    expect(EDGE_DEFAULT).toEqual({
      corsOrigins: [],
      bodyLimitBytes: 1_048_576,
      rateLimits: { addressMax: null, callerMax: null, windowMs: 60_000 },
      trustedProxies: [],
      peerTimeoutMs: 35_000,
      eventStreamsMax: 200,
      requestsMax: 1_000,
    })
  })

  test('is what the variables say', () => {
    const env = {
      CORS_ORIGINS: 'https://shop.example, http://localhost:5173',
      REQUEST_BYTES_MAX: '2048',
      RATE_LIMIT_ADDRESS: '600',
      RATE_LIMIT_CALLER: '300',
      RATE_LIMIT_WINDOW: '10s',
      TRUSTED_PROXIES: '10.0.0.0/8,::1',
      PEER_TIMEOUT: '5s',
      EVENT_STREAMS_MAX: '3',
      REQUESTS_MAX: '9',
    }
    expect(edgeOf(env)).toEqual({
      corsOrigins: ['https://shop.example', 'http://localhost:5173'],
      bodyLimitBytes: 2_048,
      rateLimits: { addressMax: 600, callerMax: 300, windowMs: 10_000 },
      trustedProxies: ['10.0.0.0/8', '::1'],
      peerTimeoutMs: 5_000,
      eventStreamsMax: 3,
      requestsMax: 9,
    })
  })

  test.each([
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://shop.example/'],
    ['CORS_ORIGINS', 'https://shop.example/page'],
    ['REQUEST_BYTES_MAX', '1048577'],
    ['RATE_LIMIT_ADDRESS', '0'],
    ['RATE_LIMIT_CALLER', '1.5'],
    ['RATE_LIMIT_WINDOW', '2d'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', 'proxy.example'],
    ['PEER_TIMEOUT', '10'],
    ['EVENT_STREAMS_MAX', '0'],
    ['REQUESTS_MAX', '0'],
  ])('refuses %s=%s', (name, value) => {
    const read = () => edgeOf({ [name]: value })
    expect(read).toThrow(EnvironmentError)
    expect(read).toThrow(`${name}: '${value}' is not usable; set `)
  })
})
