// Owns: `npm run krakend -- <url of the gateway>`: a KrakenD 2 configuration made of the gateway's OpenAPI document.
// I1: KrakenD changes nothing: statuses, headers and bodies are the gateway's (`no-op`), and nothing is cached.
// I2: every call of the document has its endpoint, but for streams, which KrakenD would hold back until they end.
import * as z from 'zod'

const USAGE = 'usage: npm run krakend -- <url of the gateway> [--backend <url>] [--origins <origin,...>]'
/** Longer than the gateway's own wait for a service. */
const TIMEOUT = '40s'
const METHODS = ['get', 'put', 'post', 'delete'] as const
const STREAM = 'text/event-stream'
/** What callers send that the gateway reads. */
const HEADERS = [
  'Accept',
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'Prefer',
  'Saga-Pattern',
  'Traceparent',
  'Tracestate',
  'X-Request-Id',
  'X-Twilio-Email-Event-Webhook-Signature',
  'X-Twilio-Email-Event-Webhook-Timestamp',
  'X-Twilio-Signature',
]
const EXPOSED = ['Idempotency-Replayed', 'Location', 'Preference-Applied', 'Retry-After', 'X-Request-Id']

const Call = z.looseObject({
  responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.unknown()).optional() })),
})
const Document = z.looseObject({
  info: z.looseObject({ title: z.string() }),
  paths: z.record(z.string(), z.partialRecord(z.enum(METHODS), Call)),
})

export interface KrakendOptions {
  /** Where KrakenD finds the gateway. */
  readonly backend: string
  /** Whose pages may call; KrakenD answers their preflights then, so the gateway's CORS_ORIGINS stays unset. */
  readonly origins: readonly string[]
}

/** Errors: ZodError for what is no OpenAPI document. */
export function krakendOf(document: unknown, { backend, origins }: KrakendOptions) {
  const { info, paths } = Document.parse(document)
  const calls = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const call = item[method]
      return call === undefined || isStream(call) ? [] : [{ path, method: method.toUpperCase() }]
    }),
  )
  return {
    $schema: 'https://www.krakend.io/schema/v2.9/krakend.json',
    version: 3,
    name: info.title,
    port: 8080,
    timeout: TIMEOUT,
    cache_ttl: '0s',
    output_encoding: 'no-op',
    ...(origins.length > 0 && { extra_config: { 'security/cors': corsOf(origins) } }),
    endpoints: calls.map(({ path, method }) => ({
      endpoint: path,
      method,
      output_encoding: 'no-op',
      input_headers: HEADERS,
      input_query_strings: ['*'],
      backend: [{ host: [backend], url_pattern: path, method, encoding: 'no-op' }],
    })),
  }
}

function isStream({ responses }: z.infer<typeof Call>): boolean {
  return responses['200']?.content?.[STREAM] !== undefined
}

function corsOf(origins: readonly string[]) {
  return {
    allow_origins: origins,
    allow_methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'],
    allow_headers: HEADERS,
    expose_headers: EXPOSED,
    max_age: '10m',
  }
}

interface Asked extends KrakendOptions {
  readonly url: string
}

export function askedBy(args: readonly string[]): Asked | undefined {
  const [url, ...rest] = args
  const options = new Map<string, string>()
  for (let at = 0; at < rest.length; at += 2) options.set(rest[at] ?? '', rest[at + 1] ?? '')
  const isKnown = [...options.keys()].every((name) => name === '--backend' || name === '--origins')
  if (url === undefined || !isKnown || ![url, options.get('--backend') ?? url].every(isOrigin))
    return undefined
  const backend = new URL(options.get('--backend') ?? url).origin
  const origins = (options.get('--origins') ?? '').split(',').filter((origin) => origin !== '')
  return { url, backend, origins }
}

function isOrigin(text: string): boolean {
  return /^https?:\/\/[^/]+\/?$/.test(text) && URL.canParse(text)
}

async function run(args: readonly string[]): Promise<void> {
  const asked = askedBy(args)
  if (asked === undefined) {
    console.error(USAGE)
    process.exitCode = 1
    return
  }
  const answer = await fetch(new URL('/openapi.json', asked.url))
  process.stdout.write(`${JSON.stringify(krakendOf(await answer.json(), asked), null, 2)}\n`)
}

if (import.meta.main) await run(process.argv.slice(2))
