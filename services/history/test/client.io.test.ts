// Scenes: history's client and its topic, on a running service with a storage that forgets fields.
import { createServer } from 'node:http'
import { once } from 'node:events'
import { startAlone, type ServiceAlone } from '@ensemble/service/testing/system'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deleteMessage, historyClient, saveMessage, type HistoryClient } from '../client.ts'
import { history } from '../main.ts'
import { event, ORDER, T0, USER } from './support.ts'

let service: ServiceAlone
let client: HistoryClient
let url: string
beforeAll(async () => {
  service = await startAlone(history)
  url = await service.server.listen({ host: '127.0.0.1', port: 0 })
  client = historyClient({ url, action: 'payment' })
})
afterAll(() => service?.end())

const said = { status: 'success', data: { code: '200', result: { nm_bank: 'Bank Nusantara' } } } as const

test('given an entry, when saved with one key twice, then it is there once and is found in every way', async () => {
  const saved = await client.save({ uuid: ORDER, ...said }, 'k1')
  expect(await client.save({ uuid: ORDER, ...said }, 'k1')).toEqual(saved)
  expect(saved).toMatchObject({ __uuid: ORDER, __action: 'payment', __offset: 0, status: 'success' })
  expect(await client.get(ORDER)).toEqual(saved)
  expect(await historyClient({ url, action: 'users' }).find(ORDER, 'payment')).toEqual(saved)
  expect(await client.all({ limit: 1 })).toEqual([saved])
  const meta = { limit: 20, page: 1, total: 1 }
  expect(await client.list({ text: 'NUSANTARA', status: 'success' })).toEqual({
    status: 200,
    meta,
    results: [saved],
  })
  expect(await client.list({ text: 'nusa' })).toMatchObject({ meta: { total: 0 }, results: [] })
  expect(await client.list({ until: saved.created_at })).toMatchObject({ meta: { total: 0 } })
  expect(await client.list({ from: saved.created_at })).toMatchObject({ meta: { total: 1 } })
})

test('given no document, when asked for, then it is undefined, and a wrong question is an error', async () => {
  expect(await client.get(USER)).toBeUndefined()
  await expect(client.get('no uuid')).rejects.toMatchObject({ name: 'HistoryError', status: 422 })
  await expect(client.list({ from: 'yesterday' })).rejects.toMatchObject({ status: 422 })
})

test('given messages on its topic, when told, then a document is made, and removed', async () => {
  const which = { action: 'users', uuid: USER, at: T0 } as const
  const told = () => client.find(USER, 'users')
  await service.publish(
    saveMessage({ id: 'one', ...which }, { status: 'failed', data: { code: '400', error: 'x' } }),
  )
  await expect.poll(told, { timeout: 10_000 }).toMatchObject({ status: 'failed', __offset: 0 })
  await service.publish(
    saveMessage({ id: 'one', ...which }, { status: 'failed', data: { code: '400', error: 'x' } }),
    event('logger.save', { uuid: USER, action: 'users', status: 'odd' }, { id: 'two', saga: null }),
    saveMessage({ id: 'three', ...which }, said),
  )
  await expect.poll(told, { timeout: 10_000 }).toMatchObject({ status: 'success', __offset: 1 })
  await service.publish(deleteMessage({ id: 'four', ...which }))
  await expect.poll(told, { timeout: 10_000 }).toBeUndefined()
})

test.each([
  ['nobody listens', () => undefined, 'unreachable'],
  ['it says nothing in time', 'silence', 'too-late'],
  ['it says something else', '{"uuid":1}', 'not-as-agreed'],
])('given that %s, when asked, then it is an error', async (_given, answer, code) => {
  const server = createServer((_request, response) => {
    if (answer !== 'silence') response.end(answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  if (typeof answer === 'function') server.close()
  const far = historyClient({ url: `http://127.0.0.1:${port}`, action: 'order', timeoutMs: 300 })
  await expect(far.get(ORDER)).rejects.toMatchObject({ name: 'HistoryError', code })
  server.closeAllConnections()
  server.close()
})
