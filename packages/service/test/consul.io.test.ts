// A process and Consul over sockets: the protocol of an agent, registration, discovery, settings.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock, systemIds } from '@ensemble/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readEnvironment } from '../src/config.ts'
import { consulAt } from '../src/consul/client.ts'
import { joinConsul, type ConsulMember } from '../src/consul/member.ts'
import { settingsIn, type LiveEnvironment } from '../src/consul/settings.ts'
import { Instances } from '../src/instances.ts'
import { peersOf } from '../src/peers.ts'
import { consulStub, type ConsulStub } from '../src/testing/consul.ts'

const SOON = { timeout: 5_000, interval: 20 }
const TOKEN = 'a-secret-token'
const ids = systemIds(systemClock)

let stub: ConsulStub
let said: string[]
const ends: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  stub = await consulStub({ token: TOKEN })
  said = []
})
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
  await stub.close()
})

const agent = () => ({ url: stub.url, token: TOKEN })

function member(): ConsulMember {
  const settings = { agent: agent(), servicePrefix: 'shop-', keyPrefix: 'shop/', address: '127.0.0.1' }
  const joined = joinConsul({
    settings,
    version: '1.2.3',
    clock: systemClock,
    ids,
    say: (line) => said.push(line),
  })
  ends.push(() => joined.leave())
  return joined
}

interface Instance {
  readonly port: number
  isWell: boolean
}

/** An instance of a service, which says whether it is well and who it is. */
async function instance(name: string): Promise<Instance> {
  const server = createServer((request, response) => {
    const isHealth = request.url === '/health/ready'
    response.writeHead(isHealth && !made.isWell ? 503 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ name }))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  ends.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  const made: Instance = { port: (server.address() as AddressInfo).port, isWell: true }
  return made
}

describe('a service', () => {
  test('is found by others once it is well, not while it is not, and no longer when it leaves', async () => {
    const order = await instance('order 1')
    const told: (readonly string[])[] = []
    member().find('order', (urls) => told.push(urls))
    const last = () => told.at(-1)
    const registering = member()
    await registering.announce('order', order.port)
    const here = [`http://127.0.0.1:${order.port}`]
    await expect.poll(last, SOON).toEqual(here)
    order.isWell = false
    await stub.check()
    await expect.poll(last, SOON).toEqual([])
    order.isWell = true
    await stub.check()
    await expect.poll(last, SOON).toEqual(here)
    await registering.leave()
    expect(stub.registered()).toEqual({})
    await expect.poll(last, SOON).toEqual([])
  })

  test('is asked where Consul says, and where it was last while Consul is away or knows of none', async () => {
    const order = await instance('order 1')
    const instances = new Instances([], systemClock)
    const peers = peersOf({
      local: () => undefined,
      remotes: new Map([['order', instances]]),
      timeoutMs: () => 1_000,
    })
    const ask = async () => (await peers.request('order', { method: 'GET', path: '/who' })).body
    await expect(ask()).rejects.toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    const consul = member()
    consul.find('order', (urls) => instances.replace(urls))
    await consul.announce('order', order.port)
    await expect.poll(() => ask().catch(() => null), SOON).toEqual({ name: 'order 1' })
    stub.fail(500)
    await expect
      .poll(() => said, SOON)
      .toEqual([expect.stringMatching(/^Consul: .*; order is asked where it was last$/)])
    expect(await ask()).toEqual({ name: 'order 1' })
    stub.fail(null)
    stub.restart()
    expect(await ask()).toEqual({ name: 'order 1' })
  })

  test('is never told the token in what is said', async () => {
    const strange = consulAt({ url: stub.url, token: 'another-token' })
    const refused = strange.deregister('x')
    await expect(refused).rejects.toMatchObject({ code: 'CONSUL_REFUSED' })
    await expect(refused).rejects.not.toThrow(/another-token/)
  })
})

describe('an agent', () => {
  test('that forgot a service is told again', async () => {
    const order = await instance('order 1')
    const naps: (() => void)[] = []
    const clock = {
      now: () => 0,
      sleep: (_ms: number, signal: AbortSignal) =>
        new Promise<void>((resolve) => {
          naps.push(resolve)
          signal.addEventListener('abort', () => resolve())
        }),
    }
    const settings = { agent: agent(), servicePrefix: 'shop-', keyPrefix: 'shop/', address: '127.0.0.1' }
    const joined = joinConsul({ settings, version: '1', clock, ids, say: (line) => said.push(line) })
    ends.push(() => joined.leave())
    await joined.announce('order', order.port)
    const before = stub.registered()
    expect(Object.keys(before)).toEqual(['shop-order'])
    stub.restart()
    expect(stub.registered()).toEqual({})
    naps.shift()?.()
    await expect.poll(() => stub.registered(), SOON).toEqual(before)
    expect(said).toEqual(['Consul: shop-order is registered again'])
  })

  test('that cannot be reached at the end forgets by itself, and the end is not held up', async () => {
    const order = await instance('order 1')
    const consul = member()
    await consul.announce('order', order.port)
    stub.fail(500)
    await consul.leave()
    expect(said).toEqual([expect.stringMatching(/^Consul: .*; it forgets shop-order by itself$/)])
  })

  test('that answers what cannot be read is an error with a code', async () => {
    const broken = createServer((_request, response) => {
      response
        .writeHead(200, { 'x-consul-index': '4', 'content-type': 'application/json' })
        .end('{"not":"a list"}')
    })
    await new Promise<void>((resolve) => void broken.listen(0, '127.0.0.1', resolve))
    ends.push(async () => void broken.close())
    const url = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`
    const { signal } = new AbortController()
    const read = consulAt({ url, token: undefined }).instances('order', { index: 0, signal })
    await expect(read).rejects.toMatchObject({ code: 'CONSUL_UNREADABLE' })
  })
})

describe('settings', () => {
  async function kept(env: Readonly<Record<string, string>> = {}): Promise<LiveEnvironment> {
    const live = await settingsIn({
      consul: consulAt(agent()),
      keyPrefix: 'shop/',
      service: 'gateway',
      env,
      read: (all) => readEnvironment({ env: all, services: ['gateway', 'order'] }),
      clock: systemClock,
      ids,
      say: (line) => said.push(line),
    })
    ends.push(() => live.stop())
    return live
  }

  test('come from the process first, then from its own key, then from the one for all', async () => {
    stub.put('shop/READY_LAG_MAX', '1')
    stub.put('shop/PAYMENT_DUE_IN', '2h')
    stub.put('shop/gateway/PAYMENT_DUE_IN', '3h')
    stub.put('shop/order/PAYMENT_DUE_IN', '4h')
    stub.put('shop/EVENT_STREAMS_MAX', '5')
    stub.put('shop/CONSUL_URL', 'http://elsewhere:1')
    stub.put('other/PAY_LATER_LIMIT', '6')
    const { environment } = await kept({ EVENT_STREAMS_MAX: '7' })
    expect(environment).toMatchObject({ lagCountMax: 1, paymentDueIn: '3h', payLaterLimit: 5_000_000 })
    expect(environment.edge.eventStreamsMax).toBe(7)
  })

  test('that are not usable stop the start, by name', async () => {
    stub.put('shop/READY_LAG_MAX', 'many')
    await expect(kept()).rejects.toMatchObject({
      problems: ["READY_LAG_MAX: 'many' is not usable; set a whole number of messages from 1 on"],
    })
  })

  test('that may change count at once; the others are said to wait for the next start', async () => {
    stub.put('shop/RATE_LIMIT_CALLER', '10')
    const { environment, edgeNow } = await kept()
    expect(edgeNow().rateLimits.callerMax).toBe(10)
    stub.put('shop/gateway/RATE_LIMIT_CALLER', '20')
    await expect.poll(() => edgeNow().rateLimits.callerMax, SOON).toBe(20)
    stub.put('shop/CORS_ORIGINS', 'https://shop.example')
    await expect
      .poll(() => said, SOON)
      .toEqual([
        'Consul: RATE_LIMIT_CALLER changed; it counts now',
        'Consul: CORS_ORIGINS changed; it counts from the next start',
      ])
    expect(edgeNow().corsOrigins).toEqual([])
    stub.put('shop/gateway/RATE_LIMIT_CALLER', null)
    await expect.poll(() => edgeNow().rateLimits.callerMax, SOON).toBe(10)
    expect(environment.edge.rateLimits.callerMax).toBe(10)
  })

  test('that change to what is not usable stay as they were, and this is said', async () => {
    stub.put('shop/RATE_LIMIT_CALLER', '10')
    const { edgeNow } = await kept()
    stub.put('shop/RATE_LIMIT_CALLER', 'few')
    await expect
      .poll(() => said, SOON)
      .toEqual([
        "Consul: RATE_LIMIT_CALLER changed, and is not used: RATE_LIMIT_CALLER: 'few' is not usable; " +
          'set a whole number of calls from 1 on',
      ])
    expect(edgeNow().rateLimits.callerMax).toBe(10)
  })

  test('are waited for by a read that blocks, not asked for again and again', async () => {
    await kept()
    const reads = () => stub.calls.filter((call) => call.startsWith('GET /v1/kv/')).length
    await expect.poll(reads, SOON).toBe(3)
    stub.put('shop/NOTHING', '1')
    await expect.poll(reads, SOON).toBe(4)
    expect(stub.calls.at(-1)).toMatch(/^GET \/v1\/kv\/shop\/\?recurse=true&index=11&wait=55s$/)
  })
})
