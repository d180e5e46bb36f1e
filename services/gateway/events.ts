// Owns: a saga's events as a stream: its entries as history gets them, where it stands, its end.
// I1: history decides at each look, by the caller's own token, whether he may see this saga; one that is no longer good
// ends the stream.
// I2: a service that is away ends no stream: the next look may find it.
// I3: how many streams there are, how long one lasts and how long a reader may stall are bounded; all end before the
// server closes.
import { Readable } from 'node:stream'
import {
  allow,
  callerOf,
  forbidden,
  headerOf,
  notFound,
  problems,
  refuseOthers,
  retryLater,
  type Called,
  type Server,
} from '@ensemble/http'
import * as z from 'zod'
import { statusFor } from './changes.ts'
import { changesOf, endOf, seenOf, Timeline, type Seen } from './event-stream.ts'
import { problemOfPeer, sagaOfOrder, sagaOfUser, type Gateway } from './gateway.ts'
import { headersFor, type Asked } from './passing.ts'

const LOOK_MS = 500
/** Shorter than the minute after which proxies close what is silent. */
const HEARTBEAT_MS = 15_000
/** As long as a token is good; the reader comes again with the id of the last event. */
const STREAM_MS_MAX = 600_000
const STALLED_MS_MAX = 60_000
/** Looks at a saga that has ended, until history has all of it. */
const LATE_LOOKS_MAX = 20
const COME_AGAIN_MS = 1_000
const FULL_RETRY_SECONDS = 5

const ALL = 'saga:read'
const SagaParams = z.object({ plan: z.string().max(100), id: z.string().max(200) })
type SagaNamed = z.infer<typeof SagaParams>

const HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Kept open for another request it would keep a server that ends waiting.
  connection: 'close',
  // nginx would keep events back otherwise.
  'x-accel-buffering': 'no',
}

const SCHEMA = {
  tags: ['saga'],
  summary: 'What a saga does, as it happens',
  description:
    'Server-sent events: `entry` for each entry of its history, `standing` when that changes, `end` at last. ' +
    'Send the id of the last event as Last-Event-ID to go on there.',
  headers: z.looseObject({ 'last-event-id': z.string().optional().describe('Go on after this event') }),
  params: SagaParams,
  response: {
    200: { description: 'Events', content: { 'text/event-stream': { schema: z.unknown() } } },
    204: z.undefined().describe('The reader has seen the end'),
    ...problems(400, 401, 403, 404, 503),
  },
}

export function eventRoutes(server: Server, gateway: Gateway): void {
  const closing = new AbortController()
  let openCount = 0
  server.addHook('preClose', async () => closing.abort())
  server.get(
    '/v1/saga/:plan/:id/events',
    { schema: SCHEMA, config: { ...allow(ALL, 'order:own', 'user:own'), load: 'stream' } },
    async (request, reply) => {
      const saga = request.params
      const seen = seenOf(headerOf(request, 'last-event-id'))
      if (seen === null) return reply.code(204).send()
      if (openCount >= gateway.eventStreamsMax())
        throw retryLater(FULL_RETRY_SECONDS, 'Too many streams of events are open.')
      openCount += 1
      const ended = new AbortController()
      const events = eventsOf(gateway, {
        seen,
        first: await firstLook(gateway, request, saga).catch((error: unknown) => {
          openCount -= 1
          throw error
        }),
        look: () => laterLook(gateway, request, saga),
        signal: AbortSignal.any([ended.signal, closing.signal]),
      })
      const stream = Readable.from(events)
      stream.once('close', () => {
        openCount -= 1
      })
      reply.raw.once('close', () => ended.abort())
      reply.raw.setTimeout(STALLED_MS_MAX, () => reply.raw.destroy())
      return reply.headers(HEAD).send(stream)
    },
  )
}

/** null: nothing can be said now. refused: the caller may no longer see it. */
type Look = Timeline | null | 'refused'

interface Streamed {
  readonly seen: Seen
  readonly first: Timeline | null
  readonly look: () => Promise<Look>
  readonly signal: AbortSignal
}

async function* eventsOf({ clock }: Pick<Gateway, 'clock'>, streamed: Streamed): AsyncGenerator<string> {
  const { first, look, signal } = streamed
  const until = clock.now() + STREAM_MS_MAX
  let { seen } = streamed
  let toldAt = clock.now()
  let lateLooks = 0
  yield `retry: ${COME_AGAIN_MS}\n\n`
  for (let found: Look = first; found !== 'refused'; found = await look()) {
    if (found !== null) {
      const isEnded = found.status !== 'running'
      if (isEnded && !found.complete) lateLooks += 1
      const isWhole = found.complete || lateLooks > LATE_LOOKS_MAX
      const changes = changesOf({ ...found, complete: isWhole }, seen)
      seen = changes.seen
      if (changes.text !== '') {
        toldAt = clock.now()
        yield changes.text
      }
      if (isEnded && isWhole) {
        yield endOf(found)
        return
      }
    }
    if (signal.aborted || clock.now() >= until) return
    if (clock.now() - toldAt >= HEARTBEAT_MS) {
      toldAt = clock.now()
      yield ': alive\n\n'
    }
    await clock.sleep(LOOK_MS, signal)
    if (signal.aborted) return
  }
}

/** Errors: 403 and 404, as the saga's own reads have them; 503 while history is away. */
async function firstLook(gateway: Gateway, request: Asked, saga: SagaNamed): Promise<Timeline | null> {
  const answer = await timelineOf(gateway, request, saga)
  if (answer.status === 200) return Timeline.parse(answer.body)
  if (answer.status !== 404) throw problemOfPeer(answer)
  if (!(await isStarted(gateway, request, saga)))
    throw notFound('unknown-saga', 'There is no saga of this plan and id.')
  return null
}

async function laterLook(gateway: Gateway, request: Asked, saga: SagaNamed): Promise<Look> {
  try {
    const { status, body } = await timelineOf(gateway, request, saga)
    if (status === 200) return Timeline.parse(body)
    if (status === 401 || status === 403) return 'refused'
    return status === 404 ? await withoutHistory(gateway, saga) : null
  } catch {
    return null
  }
}

async function timelineOf({ peers }: Gateway, request: Asked, { plan, id }: SagaNamed) {
  const path = `/v1/saga/${encodeURIComponent(plan)}/${encodeURIComponent(id)}`
  return await peers.request('history', { method: 'GET', path, headers: headersFor(request) })
}

/** What a saga that was started here is, while history knows nothing of it. */
async function withoutHistory({ host }: Gateway, saga: SagaNamed): Promise<Timeline | null> {
  const status = await host.status(saga)
  if (status === null || status.status === 'running') return null
  return { status: status.status, standing: 'ended', waits_for: null, complete: false, entries: [] }
}

/** Whether history may yet learn of a saga that the caller may see. */
async function isStarted(gateway: Gateway, request: Asked & Called, saga: SagaNamed): Promise<boolean> {
  switch (saga.plan) {
    case sagaOfOrder(saga.id).plan:
      return (await statusFor(gateway, request, { order: saga.id, permission: ALL })) !== null
    case sagaOfUser(saga.id).plan:
      refuseOthers(ALL, request, saga.id)
      return (await gateway.host.status(saga)) !== null
    default:
      if (callerOf(request)?.permissions.has(ALL) === false) throw forbidden([ALL])
      return false
  }
}
