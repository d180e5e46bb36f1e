// Owns: each provider as its API behaves: what it answers in each case, how it reports, and how a forger would.
import { createSign, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sdk from 'twilio'
import { httpStub, HTML, json, SILENCE, type Answering, type Asked } from './http-stub.ts'
import { smtpStub, type SmtpMode } from './smtp-stub.ts'

export const CASES = ['ok', '4xx', '5xx', 'time-out', 'malformed'] as const
export type Case = (typeof CASES)[number]

export const PUBLIC_URL = 'https://shop.example.test'
/** What no answer, event, row or line may ever hold. */
export const CANARY = 'canary'
export const REPORT_SECRET = `report-secret-${CANARY}-0123456789abcdef`

export interface Report {
  readonly url: string
  readonly payload: string
  readonly headers: Readonly<Record<string, string>>
}

export interface Scene {
  readonly channel: 'sms' | 'email' | 'push'
  readonly env: Readonly<Record<string, string>>
  /** How the provider behaves from now on. */
  become(state: Case): void
  /** Calls for messages so far. */
  count(): number
  /** What these calls said. */
  texts(): readonly string[]
  /** The idempotency keys of these calls. */
  keys(): readonly unknown[]
  /** The provider's word about the last call; null where it has none. */
  readonly report: ((isDelivered: boolean) => Report) | null
  /** The same words of somebody else. */
  readonly forged: ((report: Report) => Report) | null
  close(): Promise<void>
}

interface HttpScene {
  readonly channel: Scene['channel']
  readonly env: (url: string) => Readonly<Record<string, string>>
  readonly ok: Answering
  readonly refusal: Answering
  readonly isCall?: (asked: Asked) => boolean
  /** The URL of reports in a call, and the words of one. */
  readonly report?: (asked: Asked, isDelivered: boolean, now: () => number) => Report
  readonly forged?: (report: Report) => Report
  readonly malformed?: Answering
}

/** Busy, and talkative: it repeats what it was sent. */
const BUSY: Answering = (response, asked) => {
  const { authorization, 'x-api-key': key } = asked.headers
  json(503, { message: `busy: ${String(authorization)} ${String(key)}` })(response, asked)
}

async function httpScene(scene: HttpScene, now: () => number): Promise<Scene> {
  const stub = await httpStub()
  const { ok, refusal, malformed = HTML, report, forged = otherKey, isCall = () => true } = scene
  const answers: Readonly<Record<Case, Answering>> = {
    ok,
    '4xx': refusal,
    '5xx': BUSY,
    'time-out': SILENCE,
    malformed,
  }
  const calls = () => stub.asked.filter(isCall)
  return {
    channel: scene.channel,
    env: scene.env(stub.url),
    become: (state) => stub.answer(answers[state]),
    count: () => calls().length,
    texts: () => calls().map(({ text }) => text),
    keys: () => calls().map(({ headers }) => headers['idempotency-key']),
    report:
      report === undefined
        ? null
        : (isDelivered) => {
            const last = calls().at(-1)
            if (last === undefined) throw new Error('nobody called')
            return report(last, isDelivered, now)
          },
    forged: report === undefined ? null : forged,
    close: () => stub.close(),
  }
}

function otherKey(report: Report): Report {
  return { ...report, url: report.url.replace(/key=.{4}/, 'key=AAAA') }
}

const JSON_HEADERS = { 'content-type': 'application/json' }

/** `/v1/receiver/...` of a URL that a provider was given. */
function pathOf(url: string): string {
  const { origin, pathname, search } = new URL(url)
  if (origin !== PUBLIC_URL) throw new Error(`reports go to ${origin}`)
  return `${pathname}${search}`
}

const bodyOf = (asked: Asked): never => JSON.parse(asked.text) as never
const formOf = (asked: Asked) => Object.fromEntries(new URLSearchParams(asked.text))

const infobip: HttpScene = {
  channel: 'sms',
  env: (url) => ({ INFOBIP_URL: url, INFOBIP_API_KEY: `infobip-${CANARY}`, INFOBIP_SENDER: 'Shop' }),
  ok: (response, asked) => {
    const { messages } = bodyOf(asked) as { messages: { callbackData: string }[] }
    const messageId = messages[0]?.callbackData
    const status = { groupName: 'PENDING', name: 'PENDING_ACCEPTED' }
    json(200, { messages: [{ messageId, status }] })(response, asked)
  },
  refusal: json(400, {
    requestError: { serviceException: { messageId: 'BAD_REQUEST', text: 'Bad number' } },
  }),
  report: (asked, isDelivered) => {
    const { messages } = bodyOf(asked) as { messages: { callbackData: string; notifyUrl: string }[] }
    const { callbackData = '', notifyUrl = '' } = messages[0] ?? {}
    const status = isDelivered
      ? { groupId: 3, groupName: 'DELIVERED', id: 5, name: 'DELIVERED_TO_HANDSET' }
      : { groupId: 2, groupName: 'UNDELIVERABLE', id: 9, name: 'UNDELIVERABLE_NOT_DELIVERED' }
    const payload = JSON.stringify({ results: [{ callbackData, messageId: callbackData, status }] })
    return { url: pathOf(notifyUrl), payload, headers: JSON_HEADERS }
  },
}

const wavecell: HttpScene = {
  channel: 'sms',
  env: (url) => ({
    WAVECELL_URL: url,
    WAVECELL_TOKEN: `wavecell-${CANARY}`,
    WAVECELL_ACCOUNT: 'shop_general',
    WAVECELL_ACCOUNT_OTP: 'shop_otp',
    WAVECELL_SENDER: 'Shop',
  }),
  ok: json(200, { umid: 'umid-1', status: { code: 'QUEUED', description: 'accepted' } }),
  refusal: json(422, { code: 1002, message: 'Invalid destination' }),
  report: (asked, isDelivered) => {
    const { clientMessageId, dlrCallbackUrl } = bodyOf(asked) as Record<string, string>
    const state = isDelivered ? 'delivered' : 'undelivered'
    const payload = JSON.stringify({ namespace: 'sms', payload: { clientMessageId, status: { state } } })
    return { url: pathOf(String(dlrCallbackUrl)), payload, headers: JSON_HEADERS }
  },
}

const TWILIO_TOKEN = `twilio-${CANARY}`
const twilio: HttpScene = {
  channel: 'sms',
  env: (url) => ({
    TWILIO_URL: url,
    TWILIO_ACCOUNT: 'AC00000000000000000000000000000000',
    TWILIO_TOKEN,
    TWILIO_SENDER: '+15005550006',
  }),
  ok: json(201, { sid: 'SM1', status: 'queued' }),
  refusal: json(400, { code: 21211, message: "Invalid 'To' Phone Number", status: 400 }),
  report: (asked, isDelivered) => {
    const { StatusCallback = '' } = formOf(asked)
    const form = {
      MessageSid: 'SM1',
      MessageStatus: isDelivered ? 'delivered' : 'undelivered',
      ErrorCode: '0',
    }
    const signature = sdk.getExpectedTwilioSignature(TWILIO_TOKEN, StatusCallback, form)
    return {
      url: pathOf(StatusCallback),
      payload: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
    }
  },
  // The key in the URL is right: somebody saw it. The words are not what was signed.
  forged: (report) => ({ ...report, payload: report.payload.replace('MessageSid=SM1', 'MessageSid=SM2') }),
}

const gosms: HttpScene = {
  channel: 'sms',
  env: (url) => ({
    GOSMS_URL: url,
    GOSMS_BODY: '{"number":"{to}","message":"{text}","ref":"{id}","callback":"{report}"}',
    GOSMS_HEADERS: `{"x-api-key":"gosms-${CANARY}"}`,
    GOSMS_REFERENCE: 'data.message_id',
    GOSMS_IS_KEYED: '0',
  }),
  ok: json(200, { data: { message_id: 77 } }),
  refusal: json(400, { error: 'bad number' }),
  report: (asked, isDelivered) => {
    const { callback } = bodyOf(asked) as Record<string, string>
    const payload = JSON.stringify({ status: isDelivered ? 'DELIVERED' : 'FAILED' })
    return { url: pathOf(String(callback)), payload, headers: JSON_HEADERS }
  },
}

const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const sendgrid: HttpScene = {
  channel: 'email',
  env: (url) => ({
    SENDGRID_URL: url,
    SENDGRID_TOKEN: `SG.${CANARY}`,
    SENDGRID_SENDER: 'shop@example.test',
    SENDGRID_TEMPLATES: '{"welcome.en":"d-welcome"}',
    SENDGRID_REPORT_KEY: signing.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  }),
  ok: (response) => response.writeHead(202, { 'x-message-id': 'sg-1' }).end(),
  refusal: json(400, { errors: [{ message: 'Does not contain a valid address.', field: 'to' }] }),
  report: (asked, isDelivered, now) => {
    const { custom_args: args } = bodyOf(asked) as { custom_args: Record<string, string> }
    const attempt = args['attempt']
    const payload = JSON.stringify([
      { event: 'processed', attempt },
      isDelivered
        ? { event: 'delivered', attempt }
        : { event: 'bounce', attempt, reason: '550 no such user' },
      { event: 'delivered', email: 'somebody@else.test' },
    ])
    const time = String(Math.floor(now() / 1_000))
    const signature = createSign('sha256')
      .update(time + payload)
      .sign(signing.privateKey, 'base64')
    return {
      url: '/v1/receiver/sendgrid',
      payload,
      headers: {
        ...JSON_HEADERS,
        'x-twilio-email-event-webhook-signature': signature,
        'x-twilio-email-event-webhook-timestamp': time,
      },
    }
  },
  forged: (report) => ({ ...report, payload: report.payload.replace('processed', 'deferred') }),
}

const firebase: HttpScene = {
  channel: 'push',
  env: (url) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const account = {
      project_id: 'shop',
      client_email: 'push@shop.example.test',
      private_key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    }
    const path = join(mkdtempSync(join(tmpdir(), 'notification-')), 'account.json')
    writeFileSync(path, JSON.stringify(account))
    return { FIREBASE_ACCOUNT: path, FIREBASE_URL: url, FIREBASE_TOKEN_URL: `${url}/token` }
  },
  isCall: ({ path }) => path.endsWith('messages:send'),
  ok: json(200, { name: 'projects/shop/messages/1' }),
  refusal: json(404, {
    error: { code: 404, message: 'Requested entity was not found.', status: 'NOT_FOUND' },
  }),
}

/** The same answers, and tokens for whoever asks for them. */
function withTokens(scene: HttpScene): HttpScene {
  const token = json(200, { access_token: `token-${CANARY}`, expires_in: 3_600, token_type: 'Bearer' })
  const besides =
    (answering: Answering): Answering =>
    (response, asked) =>
      (asked.path === '/token' ? token : answering)(response, asked)
  return {
    ...scene,
    ok: besides(scene.ok),
    refusal: besides(scene.refusal),
    malformed: besides(HTML),
  }
}

const MODES: Readonly<Record<Case, SmtpMode>> = {
  ok: 'takes',
  '4xx': 'refuses',
  '5xx': 'is busy',
  'time-out': 'is silent',
  malformed: 'talks nonsense',
}

async function smtpScene(): Promise<Scene> {
  const stub = await smtpStub()
  return {
    channel: 'email',
    env: { SMTP_URL: stub.url, SMTP_SENDER: 'shop@example.test' },
    become: (state) => stub.mode(MODES[state]),
    count: () => stub.mails.length,
    texts: () => stub.mails.map(({ text }) => text),
    keys: () => [],
    report: null,
    forged: null,
    close: () => stub.close(),
  }
}

export const SCENES: Readonly<Record<string, (now: () => number) => Promise<Scene>>> = {
  infobip: (now) => httpScene(infobip, now),
  wavecell: (now) => httpScene(wavecell, now),
  twilio: (now) => httpScene(twilio, now),
  gosms: (now) => httpScene(gosms, now),
  sendgrid: (now) => httpScene(sendgrid, now),
  smtp: smtpScene,
  firebase: (now) => httpScene(withTokens(firebase), now),
}
