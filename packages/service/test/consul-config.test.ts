// How a process finds Consul.
import { expect, test } from 'vitest'
import { EnvironmentError, readConsulSettings } from '../src/config.ts'

const CONSUL_URL = 'http://127.0.0.1:8500'

test('nothing is asked of Consul without its URL', () => {
  expect(readConsulSettings({ CONSUL_TOKEN: 'token', HOST: '0.0.0.0' })).toBeUndefined()
})

test('the rest has defaults where others reach this process at the address that it listens on', () => {
  expect(readConsulSettings({ CONSUL_URL: `${CONSUL_URL}/` })).toEqual({
    agent: { url: CONSUL_URL, token: undefined },
    servicePrefix: 'ensemble-',
    keyPrefix: 'ensemble/',
    address: '127.0.0.1',
  })
})

test('is what the variables say', () => {
  const env = {
    CONSUL_URL,
    CONSUL_TOKEN: 'token',
    CONSUL_SERVICE_PREFIX: 'shop-',
    CONSUL_SETTINGS_PREFIX: 'shop/live/',
    CONSUL_ADDRESS: 'order-1.internal',
    HOST: '0.0.0.0',
  }
  expect(readConsulSettings(env)).toEqual({
    agent: { url: CONSUL_URL, token: 'token' },
    servicePrefix: 'shop-',
    keyPrefix: 'shop/live/',
    address: 'order-1.internal',
  })
})

test.each([
  [{ CONSUL_URL: '127.0.0.1:8500' }, "CONSUL_URL: '127.0.0.1:8500' is not usable"],
  [{ CONSUL_URL: `${CONSUL_URL}/v1` }, `CONSUL_URL: '${CONSUL_URL}/v1' is not usable`],
  [{ CONSUL_URL, CONSUL_SETTINGS_PREFIX: 'shop' }, "CONSUL_SETTINGS_PREFIX: 'shop' is not usable"],
  [{ CONSUL_URL, CONSUL_SERVICE_PREFIX: 'Shop ' }, "CONSUL_SERVICE_PREFIX: 'Shop' is not usable"],
  [{ CONSUL_URL, CONSUL_TOKEN: 'x'.repeat(201) }, "CONSUL_TOKEN: '***' is not usable"],
  [{ CONSUL_URL, HOST: '0.0.0.0' }, 'CONSUL_ADDRESS: is missing with HOST=0.0.0.0'],
])('refuses %o', (env, problem) => {
  expect(() => readConsulSettings(env)).toThrow(EnvironmentError)
  expect(() => readConsulSettings(env)).toThrow(problem)
})
