// An order's life as a customer hears of it: by e-mail and SMS, from providers' real clients, in both patterns, one of
// each however often a message of the bus is delivered. And a canary: no secret of a provider is found anywhere.
import { PATTERNS } from '@ensemble/core'
import { readEnvironment } from '@ensemble/service'
import {
  CANARY,
  PUBLIC_URL,
  REPORT_SECRET,
  SCENES,
  type Report,
  type Scene,
} from '@ensemble/service-notification/stubs'
import { troubled } from '@ensemble/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { AMOUNT, orderBody, registered } from './people.ts'
import { call, startTestSystem, type TestSystem } from './support.ts'
import { tablesOf, type Tables } from './tables.ts'

const SEED = 20_261_128

const Mail = z.object({
  personalizations: z.array(z.object({ to: z.array(z.object({ email: z.string() })) })),
  subject: z.string(),
})
const Messages = z.array(
  z.object({
    id: z.string(),
    statusText: z.string(),
    history: z.array(z.object({ provider: z.string(), status: z.string() })),
  }),
)

describe.each(PATTERNS)('every message twice and shuffled, %s', (pattern) => {
  let system: TestSystem
  let tables: Tables
  let sms: Scene
  let mail: Scene
  const lines: string[] = []
  const answers: string[] = []
  beforeAll(async () => {
    const [twilio, sendgrid] = [SCENES['twilio'], SCENES['sendgrid']]
    if (twilio === undefined || sendgrid === undefined) throw new Error('no such scene')
    sms = await twilio(() => Date.now())
    mail = await sendgrid(() => Date.now())
    for (const scene of [sms, mail]) scene.become('ok')
    const { notification } = readEnvironment({
      env: {
        ...sms.env,
        ...mail.env,
        NOTIFICATION_PUBLIC_URL: PUBLIC_URL,
        NOTIFICATION_REPORT_SECRET: REPORT_SECRET,
      },
      services: [],
    })
    system = await startTestSystem({
      name: `notifications ${pattern}`,
      environment: { pattern, paymentDueIn: '6s', notification },
      wrapBus: (bus) => troubled(bus, { copies: 2, shuffle: SEED }),
      say: (line) => lines.push(line),
    })
    tables = await tablesOf(system)
  })
  afterAll(async () => {
    await tables?.close()
    await system?.end()
    for (const scene of [sms, mail]) await scene?.close()
  })

  const mails = (): readonly string[] =>
    mail
      .texts()
      .map((text) => Mail.parse(JSON.parse(text)))
      .map(({ personalizations, subject }) => `${String(personalizations[0]?.to[0]?.email)}: ${subject}`)
      .toSorted()
  const texts = (): readonly string[] =>
    sms.texts().map((text) => String(new URLSearchParams(text).get('Body')))

  async function placed(user: string, number: string): Promise<string> {
    const { status, body } = await call(`${system.url}/v1/order`, {
      method: 'POST',
      body: orderBody(user, number),
    })
    expect(status).toBe(200)
    return String(body['uuid'])
  }

  async function paid(order: string, total: number): Promise<void> {
    const { status } = await call(`${system.url}/v1/payment/${order}`, {
      method: 'PUT',
      body: { payment_total: total },
    })
    expect(status).toBe(200)
  }

  async function messagesTo(address: string) {
    const answer = await fetch(`${system.url}/v1/notification/history/${encodeURIComponent(address)}`)
    const text = await answer.text()
    answers.push(text)
    return Messages.parse(JSON.parse(text))
  }

  async function receives({ url, payload, headers }: Report): Promise<number> {
    const answer = await fetch(`${system.url}${url}`, { method: 'POST', body: payload, headers })
    answers.push(await answer.text())
    return answer.status
  }

  test('welcome, paid and complete, due soon, not paid in time, money back: one of each', async () => {
    const user = await registered(system.url, 'told')
    const kept = await placed(user, 'kept')
    await paid(kept, AMOUNT)
    const left = await placed(user, 'left')
    await paid(left, 1_000)
    const expected = [
      'told@example.test: Order kept is complete',
      'told@example.test: Order left was not placed',
      'told@example.test: Welcome',
      'told@example.test: Your money is on its way back',
    ]
    await expect.poll(mails, { timeout: 20_000, interval: 100 }).toEqual(expected)
    await tables.quiet()
    expect(mails()).toEqual(expected)
    expect(texts()).toEqual([expect.stringContaining(`Your payment for order ${left} is due by`)])
    const told = await messagesTo('told@example.test')
    expect(told.map(({ statusText, history }) => [statusText, ...history.map((one) => one.status)])).toEqual(
      Array.from({ length: 4 }, () => ['SENT', 'SENT']),
    )
  })

  test('what providers report through the gateway counts when it is theirs', async () => {
    for (const scene of [sms, mail]) {
      const report = scene.report?.(true)
      if (report === undefined) throw new Error('it reports')
      expect(await receives(scene.forged?.(report) ?? report)).toBe(403)
      expect([await receives(report), await receives(report)]).toEqual([200, 200])
    }
    const [phone, address] = await Promise.all([
      messagesTo('+6281247930699'),
      messagesTo('told@example.test'),
    ])
    expect(phone.map(({ statusText }) => statusText)).toEqual(['DELIVERED'])
    expect(address.map(({ statusText }) => statusText).toSorted()).toEqual([
      'DELIVERED',
      'SENT',
      'SENT',
      'SENT',
    ])
  })

  test('no secret is in any table, topic, answer or line', async () => {
    mail.become('4xx')
    await registered(system.url, 'refused')
    await expect.poll(async () => (await messagesTo('refused@example.test')).length).toBe(1)
    await tables.quiet()
    for (const path of [
      '/v1/notification/outbox?limit=100',
      '/v1/saga?limit=100',
      '/openapi.json',
      '/v1/health/ready',
    ])
      answers.push(await (await fetch(`${system.url}${path}`)).text())
    expect(await tables.holding(CANARY)).toEqual([])
    expect(await tables.holding('told@example.test')).toContain('notification.tb_notification')
    expect([...answers, ...lines].filter((text) => text.includes(CANARY))).toEqual([])
  })
})
