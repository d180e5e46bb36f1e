// Owns: reaching the HTTP APIs of other services: a server in this process without a socket, or instances over HTTP.
// I1: a peer that cannot be reached is a 503 problem with Retry-After; what it answers is passed on whatever
// it says.
// I2: no call to an instance waits longer than `timeoutMs`.
// I3: a call that an instance may have heard goes to no other, unless it only reads: the caller may repeat it.
// I4: a read is tried again once where there is no other instance, but not when its time was over.
import { problem, retryLater, type Server } from '@ensemble/http'
import { variableOf, type PeerUrls } from './config.ts'
import type { Instances } from './instances.ts'
import type { PeerAnswer, PeerRequest, Peers } from './module.ts'

const READ_TRIES_MIN = 2
const RETRY_SECONDS = 1
const SET_COOKIE = 'set-cookie'
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i

export interface PeersOptions {
  /** Asked at every call, because the services of one process start one after the other. */
  readonly local: (service: string) => Server | undefined
  /** Of services elsewhere. */
  readonly remotes: ReadonlyMap<string, Instances>
  readonly timeoutMs: () => number
}

export function peersOf({ local, remotes, timeoutMs }: PeersOptions): Peers {
  return {
    request: async (service, request) => {
      const server = local(service)
      if (server !== undefined) return await inProcess(server, request)
      const instances = remotes.get(service)
      if (instances === undefined)
        throw problem(503, 'peer-unknown', `The ${service} service is not part of this system.`)
      return await remote(service, { instances, timeoutMs: timeoutMs() }, request)
    },
  }
}

/** What an operator should hear who starts a service that asks others, some of whom have no URL. */
export function peersUnset(asked: readonly string[], urls: PeerUrls): string | undefined {
  const unset = asked.filter((name) => urls[name] === undefined)
  if (unset.length === 0) return undefined
  const variables = unset.map((name) => `${variableOf(name)}_URL`)
  const verb = unset.length === 1 ? 'is' : 'are'
  return `${variables.join(', ')} ${verb} not set: calls to ${unset.join(', ')} will answer 503`
}

async function inProcess(server: Server, request: PeerRequest): Promise<PeerAnswer> {
  const { method, path, headers } = request
  const content = contentOf(request)
  const answer = await server.inject({
    method,
    url: path,
    headers: { ...headers, ...content?.headers },
    ...(content !== undefined && { payload: content.text }),
  })
  const { [SET_COOKIE]: cookie, ...others } = answer.headers
  const decode = decoded(headersOf(others), answer.body)
  return { status: answer.statusCode, ...decode, ...cookiesOf([cookie ?? []].flat()) }
}

interface Remote {
  readonly instances: Instances
  readonly timeoutMs: number
}

async function remote(
  service: string,
  { instances, timeoutMs }: Remote,
  request: PeerRequest,
): Promise<PeerAnswer> {
  const isRead = request.method === 'GET'
  const inOrder = instances.inOrder()
  let refused: PeerAnswer | undefined
  let cause: unknown
  for (let tries = 0; tries < Math.max(inOrder.length, isRead ? READ_TRIES_MIN : 1); tries += 1) {
    const instance = inOrder[tries % inOrder.length]
    if (instance === undefined) break
    try {
      const answer = await instances.ask(instance, async (url) => await askOver(url, request, timeoutMs))
      const isLast = tries >= inOrder.length - 1
      if (!isRead || answer.status !== UNAVAILABLE || isLast) return answer
      refused = answer
    } catch (error) {
      cause = error
      if (!isRead && !isUnheard(error)) break
      if (isOver(error) && tries >= inOrder.length - 1) break
    }
  }
  if (refused !== undefined) return refused
  throw retryLater(RETRY_SECONDS, `The ${service} service cannot be reached now.`, { cause })
}

async function askOver(url: string, request: PeerRequest, timeoutMs: number): Promise<PeerAnswer> {
  const { method, path, headers } = request
  const content = contentOf(request)
  const answer = await fetch(new URL(path, url), {
    method,
    headers: { ...headers, ...content?.headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    ...(content !== undefined && { body: content.text }),
  })
  const text = await answer.text()
  const others = [...answer.headers].filter(([name]) => name !== SET_COOKIE)
  const decode = decoded(Object.fromEntries(others), text)
  return { status: answer.status, ...decode, ...cookiesOf(answer.headers.getSetCookie()) }
}

function cookiesOf(cookies: readonly string[]): Pick<PeerAnswer, 'cookies'> {
  return cookies.length === 0 ? {} : { cookies }
}

/** An instance that drains, or that is over its load: another may be well. */
const UNAVAILABLE = 503

function isOver(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}

/** What a connection that was never made fails with. */
const UNHEARD: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT'])

function isUnheard(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && UNHEARD.has(error.code)) || isUnheard(error.cause)
}

interface Content {
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

function contentOf({ body, type }: PeerRequest): Content | undefined {
  if (body === undefined) return undefined
  if (type !== undefined && typeof body === 'string') return { text: body, headers: { 'content-type': type } }
  return { text: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}

type Head = Readonly<Record<string, number | string | readonly string[] | undefined>>

function headersOf(headers: Head): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  )
}

function decoded(
  headers: Readonly<Record<string, string>>,
  text: string,
): Pick<PeerAnswer, 'headers' | 'body'> {
  const isJson = JSON_TYPE.test(headers['content-type'] ?? '')
  const body: unknown = isJson ? JSON.parse(text) : text
  return { headers, body }
}
