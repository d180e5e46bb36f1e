// Owns: the writes that start a saga: POST user and POST order.
// I1: an answer is given only after the start is stored; from then on the saga ends, whatever happens here.
// I2: the start row is the idempotency store: the saga's id is made of the key, so a repeated request finds its saga,
// and everything in the answer comes from the request and that row.
import { channel } from 'node:diagnostics_channel'
import type { Plan } from '@ensemble/core'
import {
  allow,
  idempotencyKey,
  idFromKey,
  preferenceApplied,
  problem,
  problems,
  queuedEnvelope,
  queuedEnvelopeSchema,
  refuseOthers,
  retryLater,
  sagaPattern,
  scopeOf,
  standsBy,
  unprocessable,
  waitPreference,
  type Problem,
  type QueuedEnvelope,
  type Server,
} from '@ensemble/http'
import { EnsembleError, type Started } from '@ensemble/runtime'
import type { StartTold } from '@ensemble/service'
import {
  OrderRequest,
  placeOrder,
  placeOrderInput,
  registerUser,
  registerUserInput,
  SagaShown,
  UserRequest,
} from '@ensemble/service-contracts'
import type * as z from 'zod'
import { sagaOfUser, shown, WriteHeaders, type Gateway } from './gateway.ts'

const STARTED = channel('ensemble:started')
/** A script that registers a user and orders at once must work; nobody waits longer for that. */
const REGISTRATION_WITHIN = '2s'
/** Readers that far behind need longer than a moment. */
const BACKLOG_RETRY_SECONDS = 10
/** Instances that store one start at the same instant: the loser sees the winner's row when it tries again. */
const START_TRIES_MAX = 3

const DESCRIPTION =
  'Answers as soon as the start is stored: the work goes on from there whatever happens. With `Prefer: wait=N` the ' +
  'answer also says under `saga` how it ended, or `running` when the time was over before.'
const saga = SagaShown.optional().describe('With `Prefer: wait=N`: how far the saga is')
const answers = problems(400, 401, 403, 413, 415, 422, 503)
const UserQueued = { 200: queuedEnvelopeSchema(UserRequest).extend({ saga }), ...answers }
const OrderQueued = { 200: queuedEnvelopeSchema(OrderRequest).extend({ saga }), ...answers }

export function startRoutes(server: Server, gateway: Gateway): void {
  server.post(
    '/v1/user',
    {
      schema: {
        tags: ['user'],
        summary: 'Registers a user',
        description: DESCRIPTION,
        headers: WriteHeaders,
        body: UserRequest,
        response: UserQueued,
      },
      config: { ...allow('user:write'), load: 'new' },
    },
    async (request, reply) =>
      await begin(
        gateway,
        { request, reply },
        {
          plan: registerUser,
          action: 'users',
          inputOf: (id) => registerUserInput(id, request.body),
          data: request.body,
        },
      ),
  )
  for (const version of ['v1', 'v2']) {
    server.post(
      `/${version}/order`,
      {
        schema: {
          tags: ['order'],
          summary: 'Places an order',
          description: DESCRIPTION,
          headers: WriteHeaders,
          body: OrderRequest,
          response: OrderQueued,
        },
        config: { ...allow('order:write', 'order:own'), load: 'new' },
      },
      async (request, reply) => {
        refuseOthers('order:write', request, request.body.uuid_user)
        return await begin(
          gateway,
          { request, reply },
          {
            plan: placeOrder,
            action: 'order_save',
            inputOf: (id) => placeOrderInput(id, request.body),
            data: request.body,
            before: () => untilRegistered(gateway, request.body.uuid_user),
          },
        )
      },
    )
  }
}

interface Begin<Input, Data> {
  readonly plan: Plan<Input>
  readonly action: string
  readonly inputOf: (id: string) => Input
  /** Echoed. */
  readonly data: Data
  readonly before?: () => Promise<void>
}

interface Exchange {
  readonly request: Parameters<typeof idempotencyKey>[0]
  readonly reply: Parameters<typeof preferenceApplied>[0]
}

type Queued<Data> = QueuedEnvelope<Data> & { saga?: z.infer<typeof SagaShown> }

async function begin<Input, Data>(
  { host, ids, pattern, isBusFull }: Gateway,
  { request, reply }: Exchange,
  { plan, action, inputOf, data, before }: Begin<Input, Data>,
): Promise<Queued<Data>> {
  const key = idempotencyKey(request)
  const waitSeconds = waitPreference(request)
  const asked = sagaPattern(request, pattern)
  const id = key === undefined ? ids.next() : idFromKey(`${plan.name}${scopeOf(request)}`, key)
  if (isBusFull()) throw retryLater(BACKLOG_RETRY_SECONDS, 'The backlog is over its bound.')
  await before?.()
  const started = await startOnce(() => host.start(plan, { id, input: inputOf(id), pattern: asked }))
  tell({ request: request.raw, saga: started.saga })
  const isOther = request.raw.headers['saga-pattern'] !== undefined && started.saga.pattern !== asked
  if (isOther) throw keyReused()
  if (!started.isNew) reply.header('idempotency-replayed', 'true')
  const envelope = queuedEnvelope({ uuid: id, action, data, createdAt: started.startedAt })
  if (waitSeconds !== undefined) {
    standsBy(request)
    const status = await host.ended({ plan: plan.name, id }, { within: `${waitSeconds}s` })
    preferenceApplied(reply, waitSeconds)
    return { ...envelope, saga: shown(status) }
  }
  return envelope
}

function tell(told: StartTold): void {
  if (STARTED.hasSubscribers) STARTED.publish(told)
}

async function startOnce(start: () => Promise<Started>): Promise<Started> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start()
    } catch (error) {
      const isRace = error instanceof Error && 'code' in error && error.code === 'UNIQUE'
      if (!isRace || tries === START_TRIES_MAX) throw problemOfStart(error)
    }
  }
}

function problemOfStart(error: unknown): unknown {
  if (!(error instanceof EnsembleError)) return error
  if (error.code === 'SAGA_STARTED_DIFFERENTLY') return keyReused()
  if (error.code === 'HOST_STOPPED') return retryLater(1, 'This instance is shutting down.')
  if (error.code !== 'SAGA_INPUT_INVALID') return error
  return unprocessable(error.details.map((message) => ({ field: 'body', message, fix: 'see the API page' })))
}

function keyReused(): Problem {
  return problem(422, 'idempotency-key-reused', 'This Idempotency-Key was used for another request.')
}

/** Who registers and orders at once means the user that is still being registered. */
async function untilRegistered({ host }: Gateway, userId: string): Promise<void> {
  const registration = sagaOfUser(userId)
  const status = await host.status(registration)
  if (status?.status === 'running') await host.ended(registration, { within: REGISTRATION_WITHIN })
}
