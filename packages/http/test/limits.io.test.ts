// How often one may call: by address, and by caller.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  allow,
  PUBLIC,
  type Caller,
  type Guard,
  type RateLimits,
  type Routes,
  type Server,
} from '../src/index.ts'
import { unauthorized } from '../src/access.ts'
import { peopleServer, START } from './support.ts'

const open: Server[] = []
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: START }))
afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(open.splice(0).map((server) => server.close()))
})

const routes: Routes = (server) => {
  server.get('/open', { config: PUBLIC }, async () => ({}))
  server.get('/own', { config: allow('order:own') }, async () => ({}))
}

/** A token is good when it names somebody. */
const guard: Guard = async (token) => {
  const [, userId = ''] = token.split('.')
  if (userId === 'nobody') throw unauthorized()
  const caller: Caller = {
    clientId: 'shop',
    userId,
    permissions: new Set(['order:own']),
    token: { id: token, grantId: null, expiresAt: START },
  }
  return caller
}

const NONE: RateLimits = { addressMax: null, callerMax: null, windowMs: 60_000 }

interface Given {
  readonly limits: () => RateLimits
  readonly trustedProxies?: readonly string[]
}

async function given({ limits, trustedProxies = [] }: Given) {
  const server = await peopleServer({ routes: [routes], guard, rateLimits: limits, trustedProxies })
  open.push(server)
  const ask = async (
    url: string,
    { user, from }: { readonly user?: string; readonly from?: string } = {},
  ) => {
    const headers = {
      ...(user !== undefined && { authorization: `Bearer a.${user}.c` }),
      ...(from !== undefined && { 'x-forwarded-for': from }),
    }
    return await server.inject({ url, headers })
  }
  const statuses = async (count: number, ...asked: Parameters<typeof ask>) => {
    const found: number[] = []
    for (let round = 0; round < count; round += 1) found.push((await ask(...asked)).statusCode)
    return found
  }
  return { ask, statuses }
}

describe('an address', () => {
  const limits = () => ({ ...NONE, addressMax: 2 })

  test('is refused above its limit, is told when to come again, and is heard then', async () => {
    const { ask, statuses } = await given({ limits })
    expect(await statuses(2, '/open')).toEqual([200, 200])
    vi.setSystemTime(START + 15_000)
    const refused = await ask('/open')
    expect(refused.statusCode).toBe(429)
    expect(refused.headers).toMatchObject({
      'retry-after': '45',
      'content-type': 'application/problem+json',
    })
    expect(refused.json()).toMatchObject({ code: 'too-many-requests', status: 429, instance: '/open' })
    vi.setSystemTime(START + 60_000)
    expect(await statuses(1, '/open')).toEqual([200])
  })

  test('is counted when it guesses tokens and paths', async () => {
    const { statuses } = await given({ limits })
    expect(await statuses(1, '/nothing')).toEqual([404])
    expect(await statuses(2, '/own', { user: 'nobody' })).toEqual([401, 429])
  })

  test('is never counted when it asks whether the process is well', async () => {
    const { statuses } = await given({ limits })
    expect(await statuses(4, '/v1/health')).toEqual([200, 200, 200, 200])
    expect(await statuses(1, '/open')).toEqual([200])
  })

  test('is what a proxy says only when the proxy is one of ours', async () => {
    const ours = await given({ limits, trustedProxies: ['127.0.0.0/8'] })
    expect(await ours.statuses(3, '/open', { from: '203.0.113.1' })).toEqual([200, 200, 429])
    expect(await ours.statuses(1, '/open', { from: '203.0.113.2' })).toEqual([200])
    const others = await given({ limits })
    expect(await others.statuses(2, '/open', { from: '203.0.113.1' })).toEqual([200, 200])
    expect(await others.statuses(1, '/open', { from: '203.0.113.2' })).toEqual([429])
  })
})

test('a caller has a limit of his own, wherever he calls from', async () => {
  const { statuses } = await given({
    limits: () => ({ ...NONE, callerMax: 2 }),
    trustedProxies: ['127.0.0.1'],
  })
  expect(await statuses(2, '/own', { user: 'maya' })).toEqual([200, 200])
  expect(await statuses(1, '/own', { user: 'maya', from: '203.0.113.9' })).toEqual([429])
  expect(await statuses(1, '/own', { user: 'budi' })).toEqual([200])
  expect(await statuses(3, '/open')).toEqual([200, 200, 200])
})

test('limits that change while the server runs count from the next call on', async () => {
  let limits: RateLimits = { ...NONE, addressMax: 1 }
  const { statuses } = await given({ limits: () => limits })
  expect(await statuses(2, '/open')).toEqual([200, 429])
  limits = { ...NONE, addressMax: 4 }
  expect(await statuses(3, '/open')).toEqual([200, 200, 429])
  limits = NONE
  expect(await statuses(3, '/open')).toEqual([200, 200, 200])
})
