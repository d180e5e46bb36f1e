// The notification service is killed while its providers are silent, and started again: who knows no keys is not asked
// twice, who does is asked again under the same key.
import { once } from 'node:events'
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { freshDatabase } from '@ensemble/postgres/testing'
import { SCENES, type Scene } from '@ensemble/service-notification/stubs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call } from './support.ts'

/** Both numbers have a provider of their own: the first of its route. */
const [PLAIN, KEYED] = ['+6281247930699', '+6281700000001']

let plain: Scene
let keyed: Scene
let database: Awaited<ReturnType<typeof freshDatabase>>
let running: ChildProcess | undefined

beforeAll(async () => {
  const [infobip, gosms] = [SCENES['infobip'], SCENES['gosms']]
  if (infobip === undefined || gosms === undefined) throw new Error('no such scene')
  plain = await infobip(() => Date.now())
  keyed = await gosms(() => Date.now())
  database = await freshDatabase('notification killed')
})
afterAll(async () => {
  await killed()
  await database?.drop()
  for (const scene of [plain, keyed]) await scene?.close()
})

/** Answers its URL. */
async function started(): Promise<string> {
  const env = {
    ...process.env,
    ...plain.env,
    ...keyed.env,
    GOSMS_IS_KEYED: '1',
    SMS_ROUTES: 'xl:gosms',
    NOTIFICATION_TIMEOUT: '1s',
    DATABASE_URL: database.url,
  }
  const child = spawn(process.execPath, ['scripts/service.ts', 'notification'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running = child
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready: notification at (\S+)/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('it ended before it was ready')
}

async function killed(): Promise<void> {
  const child = running
  running = undefined
  if (child === undefined || child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function sent(url: string, msisdn: string, uuid: string): Promise<string> {
  const body = { type: 'sms', uuid, payload: { msisdn, text: 'Hello' } }
  return String((await call(`${url}/v1/notification/sms`, { method: 'POST', body })).body['id'])
}

async function stands(url: string, id: string): Promise<unknown> {
  const { body } = await call(`${url}/v1/notification/id/${id}`)
  return [body['statusText'], body['history']]
}

test('given two calls that are out, when killed and started again, then one is in doubt, one made again', async () => {
  for (const scene of [plain, keyed]) scene.become('time-out')
  const first = await started()
  const one = await sent(first, PLAIN, '7d444840-9dc0-41d1-b245-5ffdce74fad1')
  const other = await sent(first, KEYED, '7d444840-9dc0-41d1-b245-5ffdce74fad2')
  await expect.poll(() => [plain.count(), keyed.count()], { timeout: 10_000, interval: 20 }).toEqual([1, 1])
  await killed()
  for (const scene of [plain, keyed]) scene.become('ok')

  const again = await started()
  // The calls are another worker's once they are surely over.
  await expect
    .poll(() => stands(again, one), { timeout: 30_000 })
    .toEqual(['UNKNOWN', [expect.objectContaining({ provider: 'infobip', status: 'UNKNOWN' })]])
  await expect
    .poll(() => stands(again, other), { timeout: 30_000 })
    .toEqual(['SENT', [expect.objectContaining({ provider: 'gosms', status: 'SENT' })]])
  expect([plain.count(), keyed.count()]).toEqual([1, 2])
  expect(new Set(keyed.keys())).toEqual(new Set([`${other}-1`]))
})
