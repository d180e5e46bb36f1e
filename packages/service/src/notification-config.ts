// Owns: the settings of the notification service out of the environment: its providers, and how they are asked.
// I1: a provider is configured when one of its variables is set; what else it needs is then missed aloud.
// I2: a secret never shows in what is said about it.
// I3: without any provider a channel is local: what would be sent is kept and can be read, and nothing leaves.
import { readFileSync } from 'node:fs'
import { spanMs } from '@ensemble/core'
import * as z from 'zod'
import type { Read } from './kafka-config.ts'

const LANGUAGES = ['en', 'id'] as const
const SMS_PROVIDERS = ['infobip', 'wavecell', 'twilio', 'gosms'] as const
const EMAIL_PROVIDERS = ['sendgrid', 'smtp'] as const
const OPERATORS = ['telkomsel', 'indosat', 'xl', 'axis', 'three', 'smartfren'] as const

/** Whose prefixes are known. */
export type Operator = (typeof OPERATORS)[number]
type SmsProvider = (typeof SMS_PROVIDERS)[number]
type EmailProvider = (typeof EMAIL_PROVIDERS)[number]

const ATTEMPTS_DEFAULT = 6
const ATTEMPTS_MAX = 20
const TIMEOUT_MS_DEFAULT = 10_000
const TIMEOUT_MS_MIN = 100
const TIMEOUT_MS_MAX = 60_000
/** 32 letters of a random text are out of reach of guessing. */
const SECRET_LENGTH_MIN = 32

const REPORT_SECRET = 'NOTIFICATION_REPORT_SECRET'

const Text = z.string()
const Url = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))
const SmtpUrl = z.url({ protocol: /^smtps?$/ })
const Switch = z.enum(['1', 'true', '0', 'false']).transform((word) => word === '1' || word === 'true')
const Secret = z.string().min(SECRET_LENGTH_MIN)
const Strings = json(z.record(z.string(), z.string()))
const Account = fileOf(
  z.object({ project_id: z.string(), client_email: z.string(), private_key: z.string() }),
)
const Timeout = z
  .string()
  .transform((text, context) => {
    try {
      return spanMs(text)
    } catch {
      context.addIssue('is no span')
      return z.NEVER
    }
  })
  .pipe(z.number().min(TIMEOUT_MS_MIN).max(TIMEOUT_MS_MAX))

function json<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text)
      } catch {
        context.addIssue('is no JSON')
        return z.NEVER
      }
    })
    .pipe(schema)
}

function fileOf<T extends z.ZodType>(schema: T) {
  return z
    .string()
    .transform((path, context) => {
      try {
        return readFileSync(path, 'utf8')
      } catch {
        context.addIssue('cannot be read')
        return z.NEVER
      }
    })
    .pipe(json(schema))
}

interface Kind<T extends z.ZodType = z.ZodType> {
  readonly schema: T
  readonly fix: string
}

const URL_KIND = { schema: Url, fix: 'set a URL such as https://api.example.com' } satisfies Kind
const TEXT_KIND = { schema: Text, fix: 'set it' } satisfies Kind
const STRINGS_KIND = {
  schema: Strings,
  fix: 'set a JSON object of texts, such as {"name":"text"}',
} satisfies Kind

type Kinds = Readonly<Record<string, Kind>>
type Values<Needed extends Kinds, Optional extends Kinds> = {
  readonly [Name in keyof Needed]: z.infer<Needed[Name]['schema']>
} & { readonly [Name in keyof Optional]: z.infer<Optional[Name]['schema']> | undefined }

const PROVIDERS = {
  infobip: {
    needed: { url: URL_KIND, apiKey: TEXT_KIND, sender: TEXT_KIND },
    optional: {},
  },
  wavecell: {
    needed: { token: TEXT_KIND, account: TEXT_KIND, sender: TEXT_KIND },
    optional: { url: URL_KIND, accountOtp: TEXT_KIND },
  },
  twilio: {
    needed: { account: TEXT_KIND, token: TEXT_KIND, sender: TEXT_KIND },
    optional: { url: URL_KIND },
  },
  gosms: {
    needed: { url: URL_KIND, body: STRINGS_KIND },
    optional: {
      headers: STRINGS_KIND,
      reference: TEXT_KIND,
      isKeyed: { schema: Switch, fix: 'set 1 or 0' },
    },
  },
  sendgrid: {
    needed: { token: TEXT_KIND, sender: TEXT_KIND },
    optional: { url: URL_KIND, templates: STRINGS_KIND, reportKey: TEXT_KIND },
  },
  smtp: {
    needed: {
      url: { schema: SmtpUrl, fix: 'set a URL such as smtp://user:password@host:587' },
      sender: TEXT_KIND,
    },
    optional: {},
  },
  firebase: {
    needed: { account: { schema: Account, fix: 'set the path of a service account in JSON' } },
    optional: { url: URL_KIND, tokenUrl: URL_KIND },
  },
} as const satisfies Record<string, { readonly needed: Kinds; readonly optional: Kinds }>

type ProviderKinds = typeof PROVIDERS
export type ProviderName = keyof ProviderKinds

/** What is known of each configured provider. */
export type ProviderSettings = {
  readonly [Name in ProviderName]?: Values<ProviderKinds[Name]['needed'], ProviderKinds[Name]['optional']>
}

export interface NotificationSettings {
  readonly providers: ProviderSettings
  /** Nothing leaves, whatever is configured. */
  readonly isDryRun: boolean
  readonly language: (typeof LANGUAGES)[number]
  readonly smsOrder: readonly SmsProvider[]
  readonly emailOrder: readonly EmailProvider[]
  /** By operator or by prefix with +: who comes first. */
  readonly smsRoutes: Readonly<Record<string, readonly string[]>>
  readonly attemptsMax: number
  readonly timeoutMs: number
  readonly inDoubt: 'stop' | 'next'
  /** Where providers reach this system; without it nobody is asked for reports. */
  readonly publicUrl: string | undefined
  readonly reportSecret: string | undefined
}

/** `problems` gets what cannot be said of one variable alone. */
export function readNotification(read: Read, problems: string[]): NotificationSettings {
  const providers = readProviders(read, problems)
  const publicUrl = read<string | undefined>('NOTIFICATION_PUBLIC_URL', Url, undefined, URL_KIND.fix)
  const reportSecret = read<string | undefined>(
    REPORT_SECRET,
    Secret,
    undefined,
    `set a random text of ${SECRET_LENGTH_MIN} letters or more`,
  )
  if (publicUrl !== undefined && reportSecret === undefined && !isTold(problems, REPORT_SECRET))
    problems.push(`${REPORT_SECRET}: is missing with NOTIFICATION_PUBLIC_URL`)
  return {
    providers,
    isDryRun: read('NOTIFICATION_DRY_RUN', Switch, false, 'set 1 or 0'),
    language: read('NOTIFICATION_LANGUAGE', z.enum(LANGUAGES), 'en', `set ${LANGUAGES.join(' or ')}`),
    smsOrder: readOrder({ read, problems }, 'SMS_ORDER', { names: SMS_PROVIDERS, providers }),
    emailOrder: readOrder({ read, problems }, 'EMAIL_ORDER', { names: EMAIL_PROVIDERS, providers }),
    smsRoutes: readRoutes({ read, problems }, providers),
    attemptsMax: read(
      'NOTIFICATION_ATTEMPTS_MAX',
      z.coerce.number().int().min(1).max(ATTEMPTS_MAX),
      ATTEMPTS_DEFAULT,
      `set 1 to ${ATTEMPTS_MAX}`,
    ),
    timeoutMs: read('NOTIFICATION_TIMEOUT', Timeout, TIMEOUT_MS_DEFAULT, 'set a span from 100ms to 60s'),
    inDoubt: read<'stop' | 'next'>(
      'NOTIFICATION_IN_DOUBT',
      z.enum(['stop', 'next']),
      'stop',
      'set stop (never twice) or next (rather twice than never)',
    ),
    publicUrl,
    reportSecret,
  }
}

interface Reading {
  readonly read: Read
  readonly problems: string[]
}

function readProviders(read: Read, problems: string[]): ProviderSettings {
  const found = Object.entries(PROVIDERS).flatMap(([name, { needed, optional }]) => {
    const values = readGroup({ read, problems }, name, { needed, optional })
    return values === undefined ? [] : [[name, values] as const]
  })
  return Object.fromEntries(found) as ProviderSettings
}

function readGroup(
  { read, problems }: Reading,
  provider: string,
  { needed, optional }: { readonly needed: Kinds; readonly optional: Kinds },
): Readonly<Record<string, unknown>> | undefined {
  const values = Object.entries({ ...needed, ...optional }).map(([name, { schema, fix }]) => {
    const variable = variableName(provider, name)
    return { name, variable, value: read<unknown>(variable, schema, undefined, fix) }
  })
  const absent = values.filter(({ value, variable }) => value === undefined && !isTold(problems, variable))
  if (absent.length === values.length) return undefined
  const missing = absent.filter(({ name }) => needed[name] !== undefined)
  problems.push(...missing.map(({ variable }) => `${variable}: is missing for ${provider}`))
  return Object.fromEntries(values.map(({ name, value }) => [name, value]))
}

/** Whether somebody set it, to something of no use. */
function isTold(problems: readonly string[], variable: string): boolean {
  return problems.some((problem) => problem.startsWith(`${variable}:`))
}

/** `WAVECELL_ACCOUNT_OTP` of `accountOtp`. */
function variableName(provider: string, name: string): string {
  return `${provider}_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`)}`.toUpperCase()
}

/** As given, or as listed here; only what is configured. */
function readOrder<Name extends ProviderName>(
  { read, problems }: Reading,
  variable: string,
  { names, providers }: { readonly names: readonly Name[]; readonly providers: ProviderSettings },
): readonly Name[] {
  const configured = names.filter((name) => providers[name] !== undefined)
  const given = read<readonly string[] | undefined>(variable, List, undefined, `set ${names.join(',')}`)
  if (given === undefined) return configured
  const order = [...new Set(given)].flatMap((name) => configured.filter((known) => known === name))
  for (const name of given) {
    if (!names.some((known) => known === name))
      problems.push(`${variable}: there is no '${name}'; there are ${names.join(', ')}`)
    else if (!order.some((known) => known === name))
      problems.push(`${variable}: '${name}' is not configured; set its variables, or leave it out`)
  }
  return [...order, ...configured.filter((name) => !order.includes(name))]
}

const List = z.string().transform((text) => text.split(',').map((one) => one.trim()))
/** `xl:wavecell,infobip; +1:twilio`. */
const RouteList = z.string().regex(/^[^:;]+:[^:;]+(?:;[^:;]+:[^:;]+)*;?$/)

function readRoutes(
  { read, problems }: Reading,
  providers: ProviderSettings,
): NotificationSettings['smsRoutes'] {
  const fix = 'set operators or prefixes with providers, such as xl:wavecell,infobip;+1:twilio'
  const text = read('SMS_ROUTES', RouteList, '', fix)
  const routes: Record<string, readonly string[]> = {}
  for (const route of text.split(';').filter((one) => one.trim() !== '')) {
    const [key = '', names = ''] = route.split(':').map((part) => part.trim())
    if (!OPERATORS.some((one) => one === key) && !/^\+[1-9]\d{0,14}$/.test(key))
      problems.push(`SMS_ROUTES: '${key}' is neither a prefix such as +62 nor one of ${OPERATORS.join(', ')}`)
    const first = List.parse(names)
    for (const name of first) {
      if (!SMS_PROVIDERS.some((one) => one === name && providers[one] !== undefined))
        problems.push(`SMS_ROUTES: '${name}' is not configured for ${key}`)
    }
    routes[key] = first
  }
  return routes
}
