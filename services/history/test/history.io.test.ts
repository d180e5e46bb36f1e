// Scenes on a real PostgreSQL: what is published is read back over HTTP.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HistoryMessage, Message, NoteMessage } from '@ensemble/core'
import { migratedBothWays, startAlone, type ServiceAlone } from '@ensemble/service/testing/system'
import { ORDER_STATUS } from '@ensemble/service-contracts'
import { history } from '../main.ts'
import {
  asked,
  compensated,
  decision,
  event,
  note,
  ORDER,
  placing,
  registering,
  T0,
  USER,
} from './support.ts'

let service: ServiceAlone

beforeAll(async () => {
  service = await startAlone(history)
})
afterAll(() => service?.end())

/** Once everything published so far was recorded: a last message of each test marks it. */
async function untilRecorded(id: string): Promise<void> {
  const uuid = crypto.randomUUID()
  await service.publish(event('user.deleted', { uuid }, { id: `mark ${id}`, saga: null }))
  await expect
    .poll(async () => (await service.get(`/v1/logger/users/${uuid}`)).status, { timeout: 10_000 })
    .toBe(200)
}

describe('documents', () => {
  const order = { uuid: ORDER, order_number: '7/ord', id_order_status: ORDER_STATUS.Pending }
  const opened = event('order.opened', order)
  const because = {
    step: 'verifyUser',
    status: 'rejected',
    reason: 'unknown_user',
    data: { uuid_user: USER },
  } as const

  test('given events in any order and twice, when read three ways, then they are one document', async () => {
    await service.publish(compensated(placing, because, T0 + 5), opened)
    await service.publish(opened, event('order.failed', order, { at: T0 + 4 }))
    await untilRecorded('order')
    const read = await service.get(`/v1/logger/order/${ORDER}`)
    expect(read).toEqual({
      status: 200,
      body: {
        __uuid: ORDER,
        __action: 'order',
        __offset: 2,
        history: [
          { data: { code: '200', result: order, messages: 'Insert Order Success' } },
          { data: { code: '400', error: { code: 'failed', message: 'The order has failed.', data: order } } },
          {
            data: {
              code: '400',
              error: {
                code: 'unknown_user',
                message: "Step 'verifyUser' was rejected: unknown_user",
                data: because,
              },
            },
          },
        ],
        status: 'failed',
        created_at: '2026-11-23T10:00:00.000Z',
        update_at: '2026-11-23T10:00:00.005Z',
      },
    })
    expect(await service.post('/v1/logger/get', { action: 'order', uuid: ORDER })).toEqual(read)
    expect(await service.post('/v1/logger/all', { action: 'order' })).toEqual({
      status: 200,
      body: [read.body],
    })
    expect(await service.post('/v1/logger/all?limit=1&page=2', { action: 'order' })).toEqual({
      status: 200,
      body: [],
    })
  })

  test('given a registration, when read, then the last word is success', async () => {
    await service.publish(event('user.registered', { uuid: USER, first_name: 'Maya' }, { saga: registering }))
    await untilRecorded('user')
    expect((await service.get(`/v1/logger/users/${USER}`)).body).toMatchObject({
      __offset: 0,
      status: 'success',
    })
  })

  test('given an entry of a caller, when saved twice under one key, then it is there once', async () => {
    const uuid = '7d444840-9dc0-41d1-b245-5ffdce74fad2'
    const body = { uuid, action: 'payment', status: 'failed', data: { code: '400', error: { code: 'x' } } }
    const first = await service.post('/v1/logger', body, { 'idempotency-key': 'k1' })
    expect(first.body).toMatchObject({
      __uuid: uuid,
      __offset: 0,
      history: [{ data: body.data }],
      status: 'failed',
    })
    expect(await service.post('/v1/logger', body, { 'idempotency-key': 'k1' })).toEqual(first)
    const next = { ...body, status: 'success', data: { code: '200' } }
    expect((await service.post('/v1/logger', next)).body).toMatchObject({ __offset: 1, status: 'success' })
  })

  test.each([
    [
      'an unknown collection',
      '/v1/logger',
      { uuid: ORDER, action: 'nemo', status: 'success', data: { code: '200' } },
      422,
    ],
    [
      'an unknown code',
      '/v1/logger',
      { uuid: ORDER, action: 'order', status: 'success', data: { code: '500' } },
      422,
    ],
    ['no uuid', '/v1/logger/get', { action: 'order' }, 422],
    ['an unknown uuid', '/v1/logger/get', { action: 'users', uuid: ORDER }, 404],
    ['too many at once', '/v1/logger/all?limit=101', { action: 'order' }, 422],
  ])('given %s, when asked, then it is refused', async (_given, url, body, status) => {
    expect((await service.post(url, body)).status).toBe(status)
  })
})

describe('sagas', () => {
  const id = 'a3b5c1d2-0c4e-4a6f-8f10-2b3c4d5e6f70'
  const own = <Told extends HistoryMessage | NoteMessage>(message: Told): Told => {
    return { ...message, id: message.id.replace(ORDER, id), key: id, saga: { ...placing, id } }
  }
  const started = own(decision(1, { type: 'started', input: { a: 1 } }, asked('openOrder', 'order')))
  const answered = { type: 'answered', step: 'openOrder', status: 'succeeded', data: 7 } as const
  const opened = own(decision(2, answered, asked('collect', 'payment')))
  const accepted = own(decision(3, { type: 'accepted', step: 'collect', until: T0 }))
  const retried = own(note('retrying', `order.place/${id}/openOrder/run`, T0 + 1_500))
  const url = `/v1/saga/order.place/${id}`
  const stand = async () => {
    const { body } = await service.get(url)
    const { standing, complete } = body as { standing: string; complete: boolean }
    return { standing, complete }
  }

  test('given a gap, when it is filled, then the timeline is complete; what comes again changes nothing', async () => {
    await service.publish(started, accepted, retried)
    await untilRecorded('gap')
    expect(await stand()).toEqual({ standing: 'waiting', complete: false })
    await service.publish(opened, started)
    await untilRecorded('filled')
    const filled = await service.get(url)
    expect(filled.body).toMatchObject({
      standing: 'waiting',
      complete: true,
      waits_for: { participant: 'payment' },
    })
    await service.publish(started, opened, accepted, retried)
    await untilRecorded('again')
    expect(await service.get(url)).toEqual(filled)
    const { entries, notes } = filled.body as { entries: { seq: number; type: string }[]; notes: unknown[] }
    expect(entries.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      '1 started',
      '1 asked',
      '2 answered',
      '2 asked',
      '3 accepted',
    ])
    expect(notes.length).toBe(1)
  })

  test('given where it stands, when listed, then it is found by that and by its plan only', async () => {
    const listed = async (query: string) => {
      const { body } = await service.get(`/v1/saga?${query}`)
      const { meta, results } = body as { meta: { total: number }; results: { saga: { id: string } }[] }
      return [meta.total, ...results.map(({ saga }) => saga.id)]
    }
    expect(await listed('standing=waiting&plan=order.place')).toEqual([1, id])
    expect(await listed('standing=parked')).toEqual([0])
    expect(await listed('plan=nobody.knows')).toEqual([0])
    expect((await service.get('/v1/saga?standing=odd')).status).toBe(422)
    expect((await service.get('/v1/saga/order.place/nobody')).status).toBe(404)
  })

  test('given one message or two hundred, when recorded, then the statements are as many', async () => {
    const cost = async (count: number, from: number) => {
      const before = { ...service.database.counted() }
      const messages = Array.from({ length: count }, (_, index): Message => {
        const saga = { ...placing, id: `s${from + index}` }
        return { ...started, id: `order.place/${saga.id}#1`, key: 'k', saga }
      })
      await service.publish(...messages)
      const last = `/v1/saga/order.place/s${from + count - 1}`
      await expect.poll(async () => (await service.get(last)).status).toBe(200)
      const spent = Object.entries(service.database.counted()).map(([name, sum]) => {
        return `${sum - (before[name] ?? 0)} ${name.replace(/_[0-9a-f]{8}$/, '')}`
      })
      return spent
        .filter((line) => /^[1-9]\d* (sagas|decisions)-(load|insert|update|append)$/.test(line))
        .toSorted()
    }
    const expected = ['1 decisions-append', '1 sagas-insert', '1 sagas-load']
    expect(await cost(1, 0)).toEqual(expected)
    expect(await cost(200, 1_000)).toEqual(expected)
  })
})

test('given its migrations, when taken back and run again, then nothing of them is left over', async () => {
  const { up, down, again } = await migratedBothWays(history)
  expect({ down, again }).toEqual({ down: up.toReversed(), again: up })
})
