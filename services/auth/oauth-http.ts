// Owns: the routes of OAuth, answered by the provider, and the list of what is revoked.
// Not here: the pages in a browser (browser-http.ts).
// I1: what is said about this server names only what it has.
import { PUBLIC, problems, retryLater, type Routes, type Server } from '@ensemble/http'
import * as z from 'zod'
import type { TokenService } from './provider.ts'
import { PATHS } from './settings.ts'
import type { TokenStore } from './token-store.ts'

export interface OauthHttp {
  readonly service: Pick<TokenService, 'ask'>
  readonly tokens: Pick<TokenStore, 'revoked'>
}

const tags = ['auth']
const FIELDS_COUNT_MAX = 20
export const Form = z
  .record(z.string().max(64), z.string().max(8_192))
  .refine((form) => Object.keys(form).length <= FIELDS_COUNT_MAX, 'has too many fields')

const DISCOVERY = '/.well-known/openid-configuration'
const DISCOVERIES = [DISCOVERY, '/.well-known/oauth-authorization-server']
/** The library has more; clients of ours may use this one. */
const TRUE = { response_modes_supported: ['query'] }

const READS = [{ path: PATHS.jwks, summary: 'The public keys of all tokens' }]
const WRITES = [
  {
    path: PATHS.token,
    summary: 'Gives tokens (RFC 6749)',
    description:
      'As a form or as JSON. `grant_type` is `client_credentials`, `authorization_code`, `refresh_token`, or for ' +
      'clients of the first party `password` with `username` and `password`. The client shows who it is by HTTP ' +
      'Basic or by `client_id` and `client_secret`; five wrong secrets in a row, and its key rests for a while. A ' +
      'refresh token is used once; one that comes again ends the login.',
  },
  {
    path: PATHS.introspection,
    summary: 'Says whether a token is good, and for what (RFC 7662)',
    description: 'For clients.',
  },
  { path: PATHS.revocation, summary: 'Ends a token and its login (RFC 7009)', description: 'For clients.' },
]

/** What goes along to the provider: how the client shows who it is. */
type Head = { readonly authorization?: string | undefined }

export function oauthRoutes(http: OauthHttp): Routes {
  return (server) => {
    discoveryRoutes(server, http)
    for (const { path, summary } of READS) {
      server.get(path, { schema: { tags, summary }, config: PUBLIC }, async (_request, reply) => {
        const { status, body } = await http.service.ask({ method: 'GET', path, headers: {} })
        return reply.code(status).type('application/jwk-set+json').send(body)
      })
    }
    for (const { path, summary, description } of WRITES) {
      const schema = { tags, summary, description, body: Form }
      server.post(path, { schema, config: PUBLIC }, async ({ body: form, headers }, reply) => {
        const asked = { method: 'POST' as const, path, headers: headOf(headers), form }
        const { status, headers: given, body } = await http.service.ask(asked)
        if (status >= 500) throw retryLater(1, 'Nobody can give tokens now.')
        for (const name of ['www-authenticate', 'retry-after']) {
          const value = given[name]
          if (typeof value === 'string') reply.header(name, value)
        }
        reply.code(status).headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
        if (body === '') return reply.send()
        return reply.type('application/json; charset=utf-8').send(body)
      })
    }
    revokedRoute(server, http)
  }
}

function headOf({ authorization }: Head): Record<string, string> {
  return authorization === undefined ? {} : { authorization }
}

function discoveryRoutes(server: Server, { service }: OauthHttp): void {
  for (const path of DISCOVERIES) {
    const schema = { tags, summary: 'What this server offers (RFC 8414, OpenID Connect Discovery)' }
    server.get(path, { schema, config: PUBLIC }, async () => {
      const { body } = await service.ask({ method: 'GET', path: DISCOVERY, headers: {} })
      return { ...z.record(z.string(), z.unknown()).parse(JSON.parse(body)), ...TRUE }
    })
  }
}

function revokedRoute(server: Server, { tokens }: OauthHttp): void {
  const Revoked = z.object({
    revoked: z
      .record(z.string(), z.int())
      .describe('By the SHA-256 of its name: tokens of it that were issued until then (seconds) are refused'),
  })
  server.get(
    '/oauth/revoked',
    {
      schema: { tags, summary: 'What was revoked lately', response: { 200: Revoked, ...problems(503) } },
      config: PUBLIC,
    },
    async () => ({ revoked: await tokens.revoked() }),
  )
}
