// Owns: the whole system with auth on, for one test file: programs and people who call it with their tokens.
import { ROLE } from '@ensemble/service-contracts'
import { userBody } from './people.ts'
import { call, startTestSystem, type Answer, type TestOptions, type TestSystem } from './support.ts'

export const ISSUER = 'https://shop.example'
export const ADMIN_SECRET = 'an-admin-secret-of-the-tests-0123456789'
export const ADMIN = { client_id: 'admin', client_secret: ADMIN_SECRET }
export const PASSWORD = 'correct horse'

type Fields = Readonly<Record<string, string>>

export interface Person {
  readonly userId: string
  readonly username: string
  readonly token: string
  readonly refreshToken: string
}

export interface AskedAs {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly body?: unknown
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface GuardedSystem extends TestSystem {
  /** Of the client `admin`. */
  readonly adminToken: string
  as(path: string, asked?: AskedAs): Promise<Answer>
  /** A request for tokens, as a form. */
  oauth(path: string, form: Fields): Promise<Answer>
  /** A new user with a login of that role, logged in by `admin`. */
  person(name: string, role?: keyof typeof ROLE): Promise<Person>
  login(username: string, password?: string): Promise<Answer>
  /** A new client: its key and its secret. */
  client(name: string, more?: object): Promise<{ readonly client_id: string; readonly client_secret: string }>
}

export async function startGuarded(options: TestOptions): Promise<GuardedSystem> {
  const auth = { issuer: ISSUER, adminSecret: ADMIN_SECRET }
  const system = await startTestSystem({ ...options, environment: { ...options.environment, auth } })
  const { ask: as, tokens: oauth } = callAs(system.url)
  const login: GuardedSystem['login'] = (username, password = PASSWORD) =>
    oauth('/oauth/token', { ...ADMIN, grant_type: 'password', username, password })
  const adminToken = textOf(
    await oauth('/oauth/token', { ...ADMIN, grant_type: 'client_credentials' }),
    'access_token',
  )
  return {
    ...system,
    adminToken,
    as,
    oauth,
    login,
    person: async (name, role = 'customer') => {
      const made = { token: adminToken, method: 'POST' as const }
      const body = userBody(name)
      const headers = { prefer: 'wait=10' }
      const userId = textOf(await as('/v1/user', { ...made, body, headers }), 'uuid')
      const username = name.toLowerCase()
      const asked = { uuid_user: userId, username, password: PASSWORD, id_roles: ROLE[role] }
      textOf(await as('/v1/login', { ...made, body: asked }), 'uuid')
      const tokens = await login(username)
      const [token, refreshToken] = [textOf(tokens, 'access_token'), textOf(tokens, 'refresh_token')]
      return { userId, username, token, refreshToken }
    },
    client: async (name, more = {}) => {
      const body = { client_name: name, ...more }
      const answer = await as('/v1/client', { token: adminToken, method: 'POST', body })
      return { client_id: textOf(answer, 'ClientKey'), client_secret: textOf(answer, 'ClientSecret') }
    },
  }
}

/** Calls to one address: with a token, and for tokens as a form. */
export function callAs(url: string): {
  readonly ask: GuardedSystem['as']
  readonly tokens: GuardedSystem['oauth']
} {
  return {
    ask: (path, { token, headers, ...asked } = {}) =>
      call(`${url}${path}`, {
        ...asked,
        headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      }),
    tokens: (path, form) => formCall(`${url}${path}`, form),
  }
}

export function textOf({ status, body }: Answer, name: string): string {
  const value = body[name]
  if (typeof value !== 'string') throw new Error(`${status} without ${name}: ${JSON.stringify(body)}`)
  return value
}

async function formCall(url: string, form: Fields): Promise<Answer> {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) })
  const text = await answer.text()
  const body = text === '' ? {} : (JSON.parse(text) as Answer['body'])
  return { status: answer.status, headers: answer.headers, body }
}
