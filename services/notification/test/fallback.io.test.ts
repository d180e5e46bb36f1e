// Scenes of the whole service with several providers: who is asked when one is busy, silent, dead or to be skipped.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readEnvironment } from '@ensemble/service'
import { startAlone, type ServiceAlone } from '@ensemble/service/testing/system'
import { FAILURES_MAX } from '../circuit.ts'
import { notification } from '../main.ts'
import { PUBLIC_URL, REPORT_SECRET, SCENES, type Scene } from './stubs/scenes.ts'

interface Item {
  readonly statusText: string
  readonly history: readonly { readonly provider: string; readonly status: string }[]
}

const NUMBER = '+6281247930699'
const XL_NUMBER = '+6281700000001'
const NAMES = ['infobip', 'wavecell', 'gosms'] as const
type Name = (typeof NAMES)[number]

let scenes: Readonly<Record<Name, Scene>>
let service: ServiceAlone
let count = 0

beforeAll(async () => {
  const made = await Promise.all(NAMES.map(async (name) => [name, await SCENES[name]?.(() => Date.now())]))
  scenes = Object.fromEntries(made) as typeof scenes
})
afterAll(async () => {
  for (const scene of Object.values(scenes ?? {})) await scene.close()
})

async function started(more: Readonly<Record<string, string>> = {}): Promise<void> {
  const env = {
    ...scenes.infobip.env,
    ...scenes.wavecell.env,
    SMS_ROUTES: 'xl:wavecell',
    NOTIFICATION_TIMEOUT: '300ms',
    NOTIFICATION_PUBLIC_URL: PUBLIC_URL,
    NOTIFICATION_REPORT_SECRET: REPORT_SECRET,
    ...more,
  }
  service = await startAlone(notification, { config: readEnvironment({ env, services: [] }) })
}

async function sent(msisdn = NUMBER): Promise<string> {
  count += 1
  const uuid = `7d444840-9dc0-41d1-b245-${String(count).padStart(12, '0')}`
  const payload = { msisdn, text: 'Hello' }
  const { body } = await service.post('/v1/notification/sms', { type: 'sms', uuid, payload })
  return String(body['id'])
}

async function stands(id: string): Promise<string> {
  const { body } = await service.get<Item>(`/v1/notification/id/${id}`)
  return `${body.statusText}: ${body.history.map((one) => `${one.provider} ${one.status}`).join(', ')}`
}

const settles = (id: string) => expect.poll(() => stands(id), { timeout: 5_000 })

/** As a worker leaves it that dies after its call went out. */
async function leftCalling(id: string, provider: string): Promise<void> {
  const attempt = { provider, status: 'CALLING', at: Date.now(), response: null, reference: null }
  await service.database.query(
    `update tb_notification set status = 'QUEUE', round = round + 1, attempts = $2::jsonb where id = $1::uuid`,
    [id, JSON.stringify([attempt])],
  )
}

describe('two providers, in order', () => {
  beforeAll(() => started())
  afterAll(() => service.end())
  beforeEach(() => {
    scenes.infobip.become('ok')
    scenes.wavecell.become('ok')
  })

  test('given that the first is busy, then the second takes it', async () => {
    scenes.infobip.become('5xx')
    await settles(await sent()).toBe('SENT: infobip FAILED, wavecell SENT')
  })

  test('given that the first refuses it, then the second takes it', async () => {
    scenes.infobip.become('4xx')
    await settles(await sent()).toBe('SENT: infobip REJECTED, wavecell SENT')
  })

  test('given that the first is silent, then the second is not asked: it could come twice', async () => {
    scenes.infobip.become('time-out')
    const before = scenes.wavecell.count()
    await settles(await sent()).toBe('UNKNOWN: infobip UNKNOWN')
    expect(scenes.wavecell.count()).toBe(before)
  })

  test('given a number whose operator has a route, then that one is asked first', async () => {
    await settles(await sent(XL_NUMBER)).toBe('SENT: wavecell SENT')
  })

  test('given a report that it did not arrive, sent five times, then the second is asked once', async () => {
    const before = scenes.wavecell.count()
    const id = await sent()
    await settles(id).toBe('SENT: infobip SENT')
    const report = scenes.infobip.report?.(false)
    if (report === undefined) throw new Error('infobip reports')
    const { url, payload, headers } = report
    const receive = () => service.server.inject({ method: 'POST', url, payload, headers })
    const answers = await Promise.all([1, 2, 3, 4, 5].map(receive))
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200])
    await settles(id).toBe('SENT: infobip UNDELIVERED, wavecell SENT')
    await receive()
    expect(await stands(id)).toBe('SENT: infobip UNDELIVERED, wavecell SENT')
    expect(scenes.wavecell.count() - before).toBe(1)
  })

  test('given a worker that died in a call, then nobody is asked again, and a report still counts', async () => {
    const id = await sent()
    await settles(id).toBe('SENT: infobip SENT')
    const before = scenes.infobip.count() + scenes.wavecell.count()
    const report = scenes.infobip.report?.(true)
    await leftCalling(id, 'infobip')
    await settles(id).toBe('UNKNOWN: infobip UNKNOWN')
    expect(scenes.infobip.count() + scenes.wavecell.count()).toBe(before)
    if (report === undefined) throw new Error('infobip reports')
    const { url, payload, headers } = report
    await service.server.inject({ method: 'POST', url, payload, headers })
    expect(await stands(id)).toBe('DELIVERED: infobip DELIVERED')
  })

  test('given many failures in a row, then the first is left alone for a while', async () => {
    scenes.infobip.become('5xx')
    for (let failure = 0; failure < FAILURES_MAX; failure += 1) {
      await settles(await sent()).toMatch(/^SENT: (?:infobip FAILED, )?wavecell SENT$/)
    }
    const before = scenes.infobip.count()
    await settles(await sent()).toBe('SENT: wavecell SENT')
    expect(scenes.infobip.count()).toBe(before)
  })
})

describe('a provider that knows keys', () => {
  beforeAll(() => started({ ...scenes.gosms.env, GOSMS_IS_KEYED: '1', SMS_ORDER: 'gosms' }))
  afterAll(() => service.end())

  test('given silence, then it is asked again under the same key until it speaks', async () => {
    scenes.gosms.become('time-out')
    const before = scenes.gosms.count()
    const id = await sent()
    await expect.poll(() => scenes.gosms.count() - before, { timeout: 5_000 }).toBeGreaterThan(1)
    scenes.gosms.become('ok')
    await settles(id).toBe('SENT: gosms SENT')
    expect(new Set(scenes.gosms.keys().slice(before))).toEqual(new Set([`${id}-1`]))
  })
})

describe('NOTIFICATION_IN_DOUBT=next', () => {
  beforeAll(() => started({ NOTIFICATION_IN_DOUBT: 'next' }))
  afterAll(() => service.end())

  test('given silence, then the next is asked: rather twice than never', async () => {
    scenes.infobip.become('time-out')
    scenes.wavecell.become('ok')
    await settles(await sent()).toBe('SENT: infobip UNKNOWN, wavecell SENT')
  })
})

describe('NOTIFICATION_DRY_RUN=1', () => {
  beforeAll(() => started({ NOTIFICATION_DRY_RUN: '1' }))
  afterAll(() => service.end())

  test('given providers, then nobody is asked, and what would be sent can be read', async () => {
    const before = scenes.infobip.count() + scenes.wavecell.count()
    await settles(await sent()).toBe('SENT: local SENT')
    expect(scenes.infobip.count() + scenes.wavecell.count()).toBe(before)
  })
})
