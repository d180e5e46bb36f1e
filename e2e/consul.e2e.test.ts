// Processes that know each other through Consul alone: found, left, and told of settings while they run.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { freshDatabase } from '@ensemble/postgres/testing'
import { consulStub, type ConsulStub } from '@ensemble/service/testing/consul'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { found } from '../scripts/demo/client.ts'
import { call } from './support.ts'

const ROOT = new URL('..', import.meta.url)

interface Running {
  readonly url: string
  readonly lines: string[]
  /** Ends it as a supervisor does; answers its exit code. */
  end(): Promise<number | null>
}

let consul: ConsulStub
let database: { readonly url: string; readonly drop: () => Promise<void> }
let gateway: Running
let histories: readonly Running[] = []

async function started(service: string): Promise<Running> {
  const env = { ...process.env, DATABASE_URL: database.url, CONSUL_URL: consul.url }
  const child = spawn(process.execPath, ['scripts/service.ts', service], { cwd: ROOT, env })
  const lines: string[] = []
  const hear = (text: string): void => void lines.push(...text.split('\n').filter((line) => line !== ''))
  child.stdout.setEncoding('utf8').on('data', hear)
  child.stderr.setEncoding('utf8').on('data', hear)
  const url = await found(`${service} to start`, async () => {
    if (child.exitCode !== null) throw new Error(lines.join('\n'))
    return /^ready: \S+ at (\S+)/m.exec(lines.join('\n'))?.[1]
  })
  return { url, lines, end: () => ended(child) }
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
  return child.exitCode
}

beforeAll(async () => {
  consul = await consulStub()
  consul.put('ensemble/PAY_LATER_LIMIT', '7')
  database = await freshDatabase('consul')
  histories = [await started('history')]
  histories = [...histories, await started('history')]
  gateway = await started('gateway')
})
afterAll(async () => {
  for (const one of [gateway, ...histories]) await one?.end()
  await database.drop()
  await consul.close()
})

/** A write, which is never tried elsewhere once an instance has heard it. */
const saved = () => {
  const body = { uuid: crypto.randomUUID(), action: 'payment', status: 'success', data: { code: '200' } }
  return call(`${gateway.url}/v1/logger`, { method: 'POST', body })
}

const listed = () => call(`${gateway.url}/v1/saga`)

test('the gateway hands a call to a service that it was never told the address of', async () => {
  await consul.check()
  await found('history', async () => ((await listed()).status === 200 ? true : undefined))
  expect(Object.keys(consul.registered()).toSorted()).toEqual(['ensemble-gateway', 'ensemble-history'])
  expect(consul.registered()['ensemble-history']).toHaveLength(2)
})

test('what runs in no process yet is a 503, as any service that is away', async () => {
  expect(await call(`${gateway.url}/v2/order/list`)).toMatchObject({
    status: 503,
    body: { code: 'retry-later' },
  })
})

test('an instance that ends is taken back first, and no call is refused', async () => {
  const statuses: number[] = []
  let isOver = false
  const calling = (async () => {
    while (!isOver) statuses.push((await saved()).status)
  })()
  expect(await histories[0]?.end()).toBe(0)
  isOver = true
  await calling
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(consul.left).toEqual([true])
  expect(consul.registered()['ensemble-history']).toHaveLength(1)
})

test('a limit that is set in Consul counts at once, and is gone when it is taken back', async () => {
  const statusIs = (wanted: number) => async () => ((await listed()).status === wanted ? true : undefined)
  consul.put('ensemble/gateway/RATE_LIMIT_ADDRESS', '1')
  await found('the limit', statusIs(429))
  consul.put('ensemble/gateway/RATE_LIMIT_ADDRESS', null)
  await found('no limit', statusIs(200))
  expect(gateway.lines).toContain('Consul: RATE_LIMIT_ADDRESS changed; it counts now')
})

test('the services that are left go on while Consul is away', async () => {
  consul.fail(500)
  await found('the gateway to notice', async () =>
    gateway.lines.some((line) => line.endsWith('settings stay as they are')) ? true : undefined,
  )
  expect((await listed()).status).toBe(200)
  consul.fail(null)
})
