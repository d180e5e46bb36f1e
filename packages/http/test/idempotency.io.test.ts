// Owns: what a caller sees of Idempotency-Key: replays, twins, reused keys, refusals, callers kept apart.
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { conflict, idFromKey, idempotent, memoryIdempotencyStore, problems } from '../src/index.ts'
import type { IdempotencyStore, IdempotentOptions, Routes, Server, StoredResponse } from '../src/index.ts'
import { START, manualClock, peopleServer } from './support.ts'
import type { ManualClock } from './support.ts'

const paid = z.object({ id: z.string(), total: z.number() })
const json = 'application/json; charset=utf-8'

interface World {
  readonly server: Server
  readonly clock: ManualClock
  /** Amounts that were worked on, in order. */
  readonly worked: number[]
  readonly pay: (key: string | null, total: number, more?: Readonly<Record<string, string>>) => Promise<Seen>
}

interface Seen {
  readonly status: number
  readonly body: unknown
  readonly replayed: boolean
  readonly type: string | undefined
}

interface Given {
  readonly store?: (clock: ManualClock) => IdempotencyStore
  readonly options?: IdempotentOptions
  readonly work?: (total: number, count: number) => Promise<void>
}

const open: Server[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function given({
  store = memoryIdempotencyStore,
  options = {},
  work = async () => undefined,
}: Given = {}): Promise<World> {
  const clock = manualClock()
  const worked: number[] = []
  const kept = store(clock)
  const routes: Routes = (server) => {
    const schema = { body: z.object({ total: z.number() }), response: { 201: paid, ...problems(409, 422) } }
    for (const url of ['/v1/payment', '/v1/refund/:of']) {
      const pays = idempotent<typeof schema>(
        kept,
        async ({ body: { total } }, reply) => {
          worked.push(total)
          await work(total, worked.length)
          reply.code(201).header('location', `/v2/payment/${total}`)
          return { id: idFromKey('pay', String(worked.length)), total }
        },
        options,
      )
      server.post(url, { schema }, pays)
    }
  }
  const server = await peopleServer({ clock, routes: [routes] })
  open.push(server)
  return { server, clock, worked, pay: (key, total, more) => pay(server, key, { total, ...more }) }
}

async function pay(
  server: Server,
  key: string | null,
  {
    total,
    url = '/v1/payment',
    ...headers
  }: { total: number; url?: string; [header: string]: string | number | undefined },
): Promise<Seen> {
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  const answer = await server.inject({
    method: 'POST',
    url,
    payload: { total },
    headers: { ...(key !== null && { 'idempotency-key': key }), ...sent },
  })
  return {
    status: answer.statusCode,
    body: answer.json(),
    replayed: answer.headers['idempotency-replayed'] === 'true',
    type: answer.headers['content-type'],
  }
}

const first = { status: 201, body: { id: idFromKey('pay', '1'), total: 5 }, type: json }

describe('Idempotency-Key', () => {
  it('a repeated request gets the first answer again, and the work is done once', async () => {
    const { pay, worked, server } = await given()
    expect(await pay('k', 5)).toEqual({ ...first, replayed: false })
    expect(await pay('k', 5)).toEqual({ ...first, replayed: true })
    const raw = await server.inject({
      method: 'POST',
      url: '/v1/payment',
      headers: { 'idempotency-key': 'k', 'content-type': 'application/json' },
      payload: ' { "total" : 5.0 } ',
    })
    expect(raw.headers).toMatchObject({ location: '/v2/payment/5', 'idempotency-replayed': 'true' })
    expect(worked).toEqual([5])
  })

  it('without a key every request is work', async () => {
    const { pay, worked } = await given()
    await pay(null, 5)
    await pay(null, 5)
    expect(worked).toEqual([5, 5])
  })

  it.each([
    ['another body', 6, {}],
    ['another query', 5, { url: '/v1/payment?x=1' }],
    ['another pattern', 5, { 'saga-pattern': 'choreography' }],
  ])('%s under the same key is refused and does nothing', async (_title, total, more) => {
    const { pay, worked } = await given()
    await pay('k', 5)
    expect(await pay('k', total, more)).toMatchObject({
      status: 422,
      body: { code: 'idempotency-key-reused' },
    })
    expect(worked).toEqual([5])
  })

  it('waiting for longer is the same request', async () => {
    const { pay } = await given()
    await pay('k', 5)
    expect(await pay('k', 5, { prefer: 'wait=5' })).toEqual({ ...first, replayed: true })
  })

  it('keys belong to a path template: another path of the same template is another request', async () => {
    const { pay, worked } = await given()
    await pay('k', 5)
    expect(await pay('k', 5, { url: '/v1/refund/a' })).toMatchObject({ status: 201, replayed: false })
    expect(await pay('k', 5, { url: '/v1/refund/b' })).toMatchObject({ status: 422 })
    expect(worked).toEqual([5, 5])
  })

  it('callers never see the answers of each other', async () => {
    const { pay, worked } = await given({
      options: { scope: (request) => String(request.raw.headers['x-caller']) },
    })
    await pay('k', 5, { 'x-caller': 'maya' })
    expect(await pay('k', 5, { 'x-caller': 'budi' })).toMatchObject({ status: 201, replayed: false })
    expect(worked).toEqual([5, 5])
  })

  it.each(['', 'schlüssel', 'x'.repeat(256)])('the key %j is refused', async (key) => {
    const { pay, worked } = await given()
    expect(await pay(key, 5)).toMatchObject({ status: 400, body: { header: 'Idempotency-Key' } })
    expect(worked).toEqual([])
  })

  it('a twin waits for the first and gets an equal answer', async () => {
    const release = Promise.withResolvers<void>()
    const { pay, worked, clock } = await given({ work: () => release.promise })
    const one = pay('k', 5)
    const two = pay('k', 5)
    await clock.slept()
    release.resolve()
    const answered = await one
    clock.advance(100)
    expect([answered, await two]).toEqual([
      { ...first, replayed: false },
      { ...first, replayed: true },
    ])
    expect(worked).toEqual([5])
  })

  it('a twin does not wait for ever', async () => {
    const release = Promise.withResolvers<void>()
    const { pay, clock } = await given({ work: () => release.promise })
    const one = pay('k', 5)
    const two = pay('k', 5)
    await clock.slept()
    clock.advance(5_000)
    expect(await two).toMatchObject({ status: 409, body: { code: 'idempotency-key-in-use' } })
    release.resolve()
    expect(await one).toMatchObject({ status: 201 })
  })

  it('a refusal is not kept: the retry is decided afresh', async () => {
    const { pay, worked } = await given({
      work: async (_total, count) => {
        if (count === 1) throw conflict('payment-not-ready', 'Soon.')
      },
    })
    expect(await pay('k', 5)).toMatchObject({ status: 409, body: { code: 'payment-not-ready' } })
    expect(await pay('k', 5)).toMatchObject({ status: 201, replayed: false })
    expect(worked).toEqual([5, 5])
  })

  it('a store that fails after the work does not turn the answer into an error', async () => {
    const failing = () => Promise.reject(new Error('away'))
    const { pay } = await given({
      store: (clock) => ({ ...memoryIdempotencyStore(clock), finish: failing, abandon: failing }),
    })
    expect(await pay('k', 5)).toEqual({ ...first, replayed: false })
  })

  it('a store that fails before the work: 503, and nothing was done', async () => {
    const { pay, worked } = await given({
      store: (clock) => ({
        ...memoryIdempotencyStore(clock),
        begin: () => Promise.reject(Object.assign(new Error('away'), { code: 'CONNECTION' })),
      }),
    })
    expect(await pay('k', 5)).toMatchObject({ status: 503 })
    expect(worked).toEqual([])
  })
})

describe('the store in memory', () => {
  const response: StoredResponse = { status: 200, body: '{}', headers: {} }

  it('walks from new over busy to done', async () => {
    const store = memoryIdempotencyStore(manualClock())
    expect(await store.begin('k', 'f')).toEqual({ state: 'new' })
    expect(await store.begin('k', 'f')).toEqual({ state: 'busy' })
    expect(await store.begin('k', 'g')).toEqual({ state: 'mismatch' })
    await store.finish('k', response)
    await store.abandon('k')
    await store.finish('k', { ...response, status: 201 })
    expect(await store.begin('k', 'f')).toEqual({ state: 'done', response })
    expect(await store.begin('k', 'g')).toEqual({ state: 'mismatch' })
  })

  it('gives an abandoned claim at once and a dead one after a minute', async () => {
    const clock = manualClock()
    const store = memoryIdempotencyStore(clock)
    await store.begin('k', 'f')
    await store.abandon('k')
    expect(await store.begin('k', 'f')).toEqual({ state: 'new' })
    clock.advance(59_999)
    expect(await store.begin('k', 'f')).toEqual({ state: 'busy' })
    clock.advance(1)
    expect(clock.now()).toBe(START + 60_000)
    expect(await store.begin('k', 'f')).toEqual({ state: 'new' })
  })

  it('keeps a bounded number of keys, the newest', async () => {
    const store = memoryIdempotencyStore(manualClock(), 2)
    for (const key of ['a', 'b', 'c']) {
      await store.begin(key, 'f')
      await store.finish(key, response)
    }
    expect(await store.begin('b', 'f')).toEqual({ state: 'done', response })
    expect(await store.begin('a', 'f')).toEqual({ state: 'new' })
  })
})
