// Owns: the /v1 reads: the history document of a user, an order or a payment.
// I1: 404 means that nothing was ever started under this uuid here; what is only not there yet is 202.
import {
  allow,
  notFound,
  problems,
  refuseOthers,
  retryLater,
  uuid,
  uuidParam,
  type Server,
} from '@ensemble/http'
import type { SagaStatus } from '@ensemble/runtime'
import { SagaShown } from '@ensemble/service-contracts'
import * as z from 'zod'
import { statusFor } from './changes.ts'
import { problemOfPeer, sagaOfUser, shown, type Gateway } from './gateway.ts'
import { headersFor, type Asked } from './passing.ts'

const RETRY_SECONDS = 1

const HistoryRead = z
  .looseObject({
    __uuid: uuid,
    __action: z.string(),
    __offset: z.int().describe('Entries minus one'),
    history: z.array(z.looseObject({ data: z.looseObject({ code: z.string() }) })),
    status: z.string(),
    created_at: z.string(),
    update_at: z.string().describe('Spelled so by the contract'),
  })
  .meta({ id: 'HistoryRead' })

const ALL = 'history:read'

const NotYet = z.object({ uuid, status: z.literal('QUEUE'), saga: SagaShown })

interface Read {
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly collection: string
  /** Errors: 403 for what is another's. */
  readonly statusOf: (gateway: Gateway, request: Asked, uuid: string) => Promise<SagaStatus | null>
}

const READS: readonly Read[] = [
  {
    path: '/v1/user/:uuid',
    tag: 'user',
    summary: 'What happened to a user',
    collection: 'users',
    statusOf: statusOfUser,
  },
  {
    path: '/v1/order/:uuid',
    tag: 'order',
    summary: 'What happened to an order',
    collection: 'order',
    statusOf: statusOfOrder,
  },
  {
    path: '/v1/payment/get/:uuid',
    tag: 'payment',
    summary: 'What happened to a payment',
    collection: 'payment',
    statusOf: statusOfOrder,
  },
]

async function statusOfUser({ host }: Gateway, request: Asked, uuid: string): Promise<SagaStatus | null> {
  refuseOthers(ALL, request, uuid)
  return await host.status(sagaOfUser(uuid))
}

async function statusOfOrder(gateway: Gateway, request: Asked, order: string): Promise<SagaStatus | null> {
  return await statusFor(gateway, request, { order, permission: ALL })
}

export function readRoutes(server: Server, gateway: Gateway): void {
  const { peers } = gateway
  for (const { path, tag, summary, collection, statusOf } of READS) {
    const response = { 200: HistoryRead, 202: NotYet, ...problems(401, 403, 404, 422, 503) }
    server.get(
      path,
      {
        schema: { tags: [tag], summary, params: uuidParam, response },
        config: allow(ALL, `${tag}:own`),
      },
      async (request, reply) => {
        const id = request.params.uuid
        const answer = await peers.request('history', {
          method: 'GET',
          path: `/v1/logger/${collection}/${id}`,
          headers: headersFor(request),
        })
        if (answer.status === 200) {
          const document = HistoryRead.safeParse(answer.body)
          if (!document.success)
            throw retryLater(RETRY_SECONDS, 'History gave no document.', { cause: document.error })
          return document.data
        }
        if (answer.status !== 404) throw problemOfPeer(answer)
        const status = await statusOf(gateway, request, id)
        if (status === null) throw notFound(`unknown-${tag}`, `There is no ${tag} with this uuid.`)
        reply.code(202).header('retry-after', String(RETRY_SECONDS))
        return { uuid: id, status: 'QUEUE' as const, saga: shown(status) }
      },
    )
  }
}
