// Every provider, by its real client against its API on this machine, and the whole service around it: what each of
// its answers becomes, how often it is asked, and whose reports count.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEnvironment } from '@ensemble/service'
import { startAlone, type ServiceAlone } from '@ensemble/service/testing/system'
import { notification } from '../main.ts'
import {
  CANARY,
  PUBLIC_URL,
  REPORT_SECRET,
  SCENES,
  type Case,
  type Report,
  type Scene,
} from './stubs/scenes.ts'

const NOW = () => Date.now()

interface Item {
  readonly id: string
  readonly statusText: string
  readonly history: readonly {
    provider: string
    status: string
    response: string | null
    reference: string | null
  }[]
}

const BODIES = {
  sms: { path: '/v1/notification/sms', payload: { msisdn: '081247930699', text: 'Hello' } },
  email: {
    path: '/v1/notification/email',
    payload: { to: 'maya@example.test', subject: 'Hello', template_id: 'welcome', data: {} },
  },
  push: { path: '/v1/notification/push', payload: { to: 'device-1', text: 'Hello' } },
}

/** Nothing comes from them but answers to calls. */
const SILENT: ReadonlySet<string> = new Set(['smtp', 'firebase'])

describe.each(Object.entries(SCENES))('%s', (name, sceneOf) => {
  const isSilent = SILENT.has(name)
  let scene: Scene
  let service: ServiceAlone
  let count = 0
  beforeAll(async () => {
    scene = await sceneOf(NOW)
    const env = {
      ...scene.env,
      NOTIFICATION_TIMEOUT: '300ms',
      NOTIFICATION_PUBLIC_URL: PUBLIC_URL,
      NOTIFICATION_REPORT_SECRET: REPORT_SECRET,
    }
    service = await startAlone(notification, { config: readEnvironment({ env, services: [] }) })
  })
  afterAll(async () => {
    await service?.end()
    await scene?.close()
  })

  async function sent(): Promise<string> {
    count += 1
    const { path, payload } = BODIES[scene.channel]
    const uuid = `7d444840-9dc0-41d1-b245-${String(count).padStart(12, '0')}`
    const answer = await service.post(path, { type: scene.channel, uuid, payload })
    expect(answer).toMatchObject({ status: 200, body: { status: 'QUEUE' } })
    return String(answer.body['id'])
  }

  async function stands(id: string) {
    const { body } = await service.get<Item>(`/v1/notification/id/${id}`)
    expect(JSON.stringify(body)).not.toContain(CANARY)
    return [body.statusText, ...body.history.map(({ status }) => status)]
  }

  async function receives({ url, payload, headers }: Report): Promise<number> {
    return (await service.server.inject({ method: 'POST', url, payload, headers })).statusCode
  }

  test.each<[Case, number, readonly string[]]>([
    ['ok', 1, ['SENT', 'SENT']],
    ['4xx', 1, ['UNDELIVERABLE', 'REJECTED']],
    ['5xx', 2, ['UNDELIVERABLE', 'FAILED', 'FAILED']],
    ['time-out', 1, ['UNKNOWN', 'UNKNOWN']],
    ['malformed', 1, ['UNKNOWN', 'UNKNOWN']],
  ])('%s: asked %i times, it is %j', async (state, calls, standing) => {
    scene.become(state)
    const before = scene.count()
    const id = await sent()
    await expect.poll(() => stands(id), { timeout: 5_000 }).toEqual(standing)
    expect(scene.count() - before).toBe(calls)
  })

  test.runIf(isSilent)('nobody may report about it', async () => {
    expect((await service.post(`/v1/receiver/${name}`, {})).status).toBe(404)
  })

  test.skipIf(isSilent)('a report counts once, one that is forged or no report not at all', async () => {
    scene.become('ok')
    const id = await sent()
    await expect.poll(() => stands(id), { timeout: 5_000 }).toEqual(['SENT', 'SENT'])
    const [good, bad, forged] = [reportOf(true), reportOf(false), forgedOf(reportOf(true))]
    expect(await receives(forged)).toBe(403)
    expect(
      await receives({ ...good, headers: { 'content-type': 'application/json' }, payload: '{' }),
    ).not.toBe(200)
    expect(await stands(id)).toEqual(['SENT', 'SENT'])
    expect([await receives(good), await receives(good)]).toEqual([200, 200])
    expect(await stands(id)).toEqual(['DELIVERED', 'DELIVERED'])
    expect(await receives(bad)).toBe(200)
    expect(await stands(id)).toEqual(['DELIVERED', 'DELIVERED'])
  })

  test.skipIf(isSilent)(
    'a report that it did not arrive, twice, ends it once: there is no other',
    async () => {
      scene.become('ok')
      const before = scene.count()
      const id = await sent()
      await expect.poll(() => stands(id), { timeout: 5_000 }).toEqual(['SENT', 'SENT'])
      const bad = reportOf(false)
      expect([await receives(bad), await receives(bad)]).toEqual([200, 200])
      await expect.poll(() => stands(id), { timeout: 5_000 }).toEqual(['UNDELIVERABLE', 'UNDELIVERED'])
      expect(scene.count() - before).toBe(1)
    },
  )

  function reportOf(isDelivered: boolean): Report {
    const report = scene.report?.(isDelivered)
    if (report === undefined) throw new Error(`${name} reports nothing`)
    return report
  }

  function forgedOf(report: Report): Report {
    return scene.forged?.(report) ?? report
  }
})
