// The settings of notification: a provider is whole or missed aloud, and no secret is repeated.
import { describe, expect, test } from 'vitest'
import { EnvironmentError, readEnvironment } from '../src/config.ts'

type Env = Readonly<Record<string, string>>

const CANARY = 'canary-4c1f'
const TWILIO = { TWILIO_ACCOUNT: 'AC1', TWILIO_TOKEN: CANARY, TWILIO_SENDER: '+15005550006' }
const INFOBIP = { INFOBIP_URL: 'https://x.api.infobip.com/', INFOBIP_API_KEY: CANARY, INFOBIP_SENDER: 'Shop' }
const REPORTS = {
  NOTIFICATION_PUBLIC_URL: 'https://shop.example.test/',
  NOTIFICATION_REPORT_SECRET: `${CANARY}-0123456789012345678901234567`,
}

const settingsOf = (env: Env) => readEnvironment({ env, services: [] }).notification

function problemsOf(env: Env): readonly string[] {
  try {
    settingsOf(env)
    return []
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems
    throw error
  }
}

describe('providers', () => {
  test('are those with all that they need, in the order that is given, the others after them', () => {
    const env = {
      ...TWILIO,
      ...INFOBIP,
      ...REPORTS,
      SMTP_URL: `smtps://mailer:${CANARY}@mail.example.test:465`,
      SMTP_SENDER: 'shop@example.test',
      GOSMS_URL: 'https://sms.example.test/send',
      GOSMS_BODY: '{"to":"{to}"}',
      GOSMS_IS_KEYED: '1',
      SMS_ORDER: 'twilio, gosms',
      SMS_ROUTES: 'xl:infobip,twilio; +1:twilio',
      NOTIFICATION_LANGUAGE: 'id',
      NOTIFICATION_TIMEOUT: '3s',
      NOTIFICATION_ATTEMPTS_MAX: '3',
      NOTIFICATION_IN_DOUBT: 'next',
      NOTIFICATION_DRY_RUN: '1',
    }
    expect(settingsOf(env)).toEqual({
      providers: {
        infobip: { url: 'https://x.api.infobip.com', apiKey: CANARY, sender: 'Shop' },
        twilio: { account: 'AC1', token: CANARY, sender: '+15005550006', url: undefined },
        gosms: {
          url: 'https://sms.example.test/send',
          body: { to: '{to}' },
          headers: undefined,
          reference: undefined,
          isKeyed: true,
        },
        smtp: { url: env.SMTP_URL, sender: 'shop@example.test' },
      },
      isDryRun: true,
      language: 'id',
      smsOrder: ['twilio', 'gosms', 'infobip'],
      emailOrder: ['smtp'],
      smsRoutes: { xl: ['infobip', 'twilio'], '+1': ['twilio'] },
      attemptsMax: 3,
      timeoutMs: 3_000,
      inDoubt: 'next',
      publicUrl: 'https://shop.example.test',
      reportSecret: REPORTS.NOTIFICATION_REPORT_SECRET,
    })
  })

  test('given half of several, then all that is missing is named at once', () => {
    const problems = problemsOf({
      TWILIO_TOKEN: CANARY,
      WAVECELL_ACCOUNT: 'shop',
      SENDGRID_SENDER: 'shop@example.test',
      NOTIFICATION_PUBLIC_URL: 'https://shop.example.test',
      SMS_ORDER: 'twilio,pigeon,infobip',
      SMS_ROUTES: 'moon:gosms',
      NOTIFICATION_LANGUAGE: 'xx',
    })
    expect(problems.map((problem) => problem.split(/[:;]/)[0])).toEqual([
      'WAVECELL_TOKEN',
      'WAVECELL_SENDER',
      'TWILIO_ACCOUNT',
      'TWILIO_SENDER',
      'SENDGRID_TOKEN',
      'NOTIFICATION_REPORT_SECRET',
      'NOTIFICATION_LANGUAGE',
      'SMS_ORDER',
      'SMS_ORDER',
      'SMS_ROUTES',
      'SMS_ROUTES',
    ])
  })

  test('given secrets that are not usable, then nothing repeats them', () => {
    const problems = problemsOf({
      NOTIFICATION_REPORT_SECRET: CANARY,
      SMTP_URL: `mailer:${CANARY}@mail.example.test`,
      GOSMS_URL: `ftp://x:${CANARY}@sms.example.test`,
      GOSMS_BODY: `{"key":"${CANARY}"`,
      GOSMS_HEADERS: CANARY,
      SENDGRID_TEMPLATES: 'none',
      FIREBASE_ACCOUNT: 'not/there.json',
    })
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'GOSMS_URL',
      'GOSMS_BODY',
      'GOSMS_HEADERS',
      'SENDGRID_TEMPLATES',
      'SENDGRID_TOKEN',
      'SENDGRID_SENDER',
      'SMTP_URL',
      'SMTP_SENDER',
      'FIREBASE_ACCOUNT',
      'NOTIFICATION_REPORT_SECRET',
    ])
    expect(problems.join('\n')).not.toContain(CANARY)
  })
})
