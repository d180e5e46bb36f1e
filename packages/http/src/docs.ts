// Owns: the OpenAPI document at /openapi.json and the page at /docs that shows it.
// I1: the page loads nothing from anywhere else: its script is served here, and its policy forbids the rest.
// I2: the page has no inline script, so that policy needs no exception for scripts.
import swagger from '@fastify/swagger'
import fastify from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { PUBLIC } from './access.ts'
import type { Access } from './access.ts'
import type { Server } from './ports.ts'
import { escapeHtml } from './html.ts'

export interface OpenApiInfo {
  readonly title: string
  readonly description: string
}

const DOCUMENT_PATH = '/openapi.json'
const PAGE_PATH = '/docs'
const SCRIPT_PATH = '/docs/page.js'

/** Styles are written by the page's script, hence 'unsafe-inline' for them. */
const PAGE_POLICY = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:', 'blob:'],
      fontSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      workerSrc: ["'self'", 'blob:'],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
}

/** Everything of the page that would go elsewhere is off; the policy would stop it anyway. */
const PAGE_CONFIGURATION = {
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
}

const HIDDEN = { hide: true }

/** The origin that the reader came to: the page's samples are then calls that work. */
const SERVERS = [{ url: '/' }]

/** Registered before any route, because the document is made of the routes that come after. */
export async function registerOpenApi(
  server: Server,
  info: OpenApiInfo & { version: string },
): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info,
      servers: SERVERS,
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: (input) => {
      const { url, schema } = jsonSchemaTransform(input)
      return { url, schema: { ...schema, security: securityOf(input.route.config?.access) } }
    },
    transformObject: jsonSchemaTransformObject,
  })
}

/** Any one of the permissions is enough. */
function securityOf(access: Access | undefined): { readonly bearer: string[] }[] {
  if (access === undefined || access === 'public') return []
  if (access === 'known') return [{ bearer: [] }]
  return access.map((name) => ({ bearer: [name] }))
}

export function docsRoutes(server: Server, { title }: OpenApiInfo): void {
  const page = pageOf(title)
  let script: Promise<string> | undefined
  server.get(DOCUMENT_PATH, { schema: HIDDEN, config: PUBLIC }, async () => server.swagger())
  server.get(
    PAGE_PATH,
    { schema: HIDDEN, config: { ...PUBLIC }, helmet: PAGE_POLICY },
    async (_request, reply) => {
      return reply.type('text/html; charset=utf-8').send(page)
    },
  )
  server.get(SCRIPT_PATH, { schema: HIDDEN, config: PUBLIC }, async (_request, reply) => {
    script ??= loadScript()
    reply.header('cache-control', 'public, max-age=3600')
    return reply.type('text/javascript; charset=utf-8').send(await script)
  })
}

// The package holds its script (5 MB) as a string behind a route of its own, whose page needs an inline script. It is
// loaded when the first reader comes, so that no service pays for it at start.
async function loadScript(): Promise<string> {
  const { default: reference } = await import('@scalar/fastify-api-reference')
  const source = fastify()
  await source.register(reference, { routePrefix: '/page', configuration: { url: DOCUMENT_PATH } })
  const { body } = await source.inject('/page/js/scalar.js')
  await source.close()
  return body
}

function pageOf(title: string): string {
  const configuration = escapeHtml(JSON.stringify({ ...PAGE_CONFIGURATION, url: DOCUMENT_PATH }))
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escapeHtml(title)}</title>
  </head>
  <body>
    <noscript>This page needs JavaScript; the document itself is at ${DOCUMENT_PATH}.</noscript>
    <script
      id="api-reference"
      type="application/json"
      data-url="${DOCUMENT_PATH}"
      data-configuration="${configuration}"
    ></script>
    <script src="${SCRIPT_PATH}"></script>
  </body>
</html>
`
}
