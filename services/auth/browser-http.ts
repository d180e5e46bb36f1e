// Owns: the routes of the pages that a browser shows: signing in for a client, and signing out.
// Does not own: what a page says (pages.ts), what its form does (sign-in.ts, oidc-provider).
// I1: a form is taken from our own page only: its origin is this server's, as the issuer names it.
// I2: of what comes from the browser only the path and the cookies go on, and of the answer what a page needs.
import { PUBLIC, type Routes, type Server } from '@ensemble/http'
import { NOT_FROM_HERE, policyOf, textOf, troublePage, type Page } from './pages.ts'
import { Form } from './oauth-http.ts'
import type { Answer, Asked, TokenService } from './provider.ts'
import { PATHS, SIGN_OUT_PATH } from './settings.ts'
import { SIGN_IN_PATH } from './sign-in.ts'

export interface BrowserHttp {
  readonly issuer: string
  readonly service: Pick<TokenService, 'ask'>
}

const PAGES = [
  PATHS.authorization,
  `${PATHS.authorization}/:uid`,
  `${SIGN_IN_PATH}/:uid`,
  PATHS.end_session,
  `${PATHS.end_session}/success`,
]
const FORMS = [`${SIGN_IN_PATH}/:uid`, SIGN_OUT_PATH]
const GIVEN = ['location', 'set-cookie', 'content-security-policy', 'referrer-policy', 'retry-after']

export function browserRoutes(http: BrowserHttp): Routes {
  return (server) => {
    for (const path of PAGES) pageRoute(server, http, path)
    for (const path of FORMS) formRoute(server, http, path)
  }
}

function pageRoute(server: Server, { service }: BrowserHttp, path: string): void {
  server.get(path, { schema: { hide: true }, config: PUBLIC }, async ({ url, headers }, reply) =>
    reply.send(shown(reply, await service.ask(pageAsked('GET', url, headers)))),
  )
}

function formRoute(server: Server, { issuer, service }: BrowserHttp, path: string): void {
  const ours = new URL(issuer).origin
  server.post(
    path,
    { schema: { hide: true, body: Form }, config: PUBLIC },
    async ({ url, headers, body: form }, reply) => {
      const { origin, 'sec-fetch-site': site = 'same-origin' } = headers
      if (origin !== ours || site !== 'same-origin') return reply.send(shown(reply, answerOf(NOT_FROM_HERE)))
      return reply.send(shown(reply, await service.ask({ ...pageAsked('POST', url, headers), form })))
    },
  )
}

function pageAsked(
  method: Asked['method'],
  path: string,
  { cookie }: { cookie?: string | undefined },
): Asked {
  return { method, path, headers: cookie === undefined ? {} : { cookie }, accept: 'text/html' }
}

function answerOf(page: Page): Answer {
  const headers = { 'content-security-policy': policyOf(page) }
  return { status: page.status, headers, body: textOf(page) }
}

interface Reply {
  code(status: number): unknown
  header(name: string, value: unknown): unknown
  type(type: string): unknown
}

/** Puts an answer's head on the reply; answers its body. */
function shown(reply: Reply, answer: Answer): string {
  const isFault = answer.status >= 500 && answer.headers['content-security-policy'] === undefined
  const { status, headers, body } = isFault
    ? answerOf(troublePage(503, 'Nobody can sign in or out now. Try again in a moment.'))
    : answer
  reply.code(status)
  reply.header('cache-control', 'no-store')
  for (const name of GIVEN) if (headers[name] !== undefined) reply.header(name, headers[name])
  reply.type('text/html; charset=utf-8')
  return status === 303 ? '' : body
}
