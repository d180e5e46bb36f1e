// Owns: a gateway without sockets, databases or peers: what they answer is what the scene says.
import { memoryIdempotencyStore, type Clock, type Server } from '@ensemble/http'
import type { SagaStatus } from '@ensemble/runtime'
import type { PeerAnswer, PeerRequest } from '@ensemble/service'
import { ids, NOW, serverOf, testClock } from '@ensemble/service/testing'
import type { Gateway } from '../gateway.ts'
import { gatewayRoutes } from '../http.ts'

export const ORDER_ID = '1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'

export interface Scene {
  readonly server: Server
  /** What was asked of peers and of the host, in order. */
  readonly asked: string[]
  /** Keys that were claimed in the gateway's own store. */
  readonly begun: string[]
  /** The headers that went along with the last request to a peer. */
  headers(): Readonly<Record<string, string>>
}

export interface Given {
  /** `user.register/<id>` and `order.place/<id>`. */
  readonly sagas?: Readonly<Record<string, SagaStatus['status']>>
  readonly peer?: (service: string, request: PeerRequest, count: number) => PeerAnswer
  readonly host?: Partial<Gateway['host']>
  readonly isBusFull?: boolean
  readonly eventStreamsMax?: number
}

export function answer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): PeerAnswer {
  return { status, body, headers: { 'content-type': 'application/json; charset=utf-8', ...headers } }
}

interface GatewayScene extends Omit<Scene, 'server'> {
  readonly gateway: Gateway
}

export async function sceneOf(given: Given = {}): Promise<Scene> {
  const clock = testClock()
  const { gateway, ...scene } = gatewayOf(given, clock)
  return { ...scene, server: await serverOf(gatewayRoutes(gateway), clock) }
}

export function gatewayOf(
  { sagas = {}, peer, host = {}, isBusFull = false, eventStreamsMax = 1 }: Given,
  clock: Clock,
): GatewayScene {
  const asked: string[] = []
  let headers: Readonly<Record<string, string>> = {}
  const statusOf = ({ plan, id }: { plan: string; id: string }): SagaStatus | null => {
    const status = sagas[`${plan}/${id}`]
    if (status === undefined) return null
    return { saga: { plan, id, pattern: 'orchestration' }, status, data: null, startedAt: NOW - 1_000 }
  }
  const begun: string[] = []
  const store = memoryIdempotencyStore(clock)
  const gateway: Gateway = {
    host: {
      start: async ({ name: plan }, { id, pattern = 'orchestration' }) => {
        asked.push(`start ${plan} ${id} ${pattern}`)
        return { saga: { plan, id, pattern }, isNew: true, startedAt: clock.now() }
      },
      status: async (saga) => statusOf(saga),
      ended: async (saga, { within }) => {
        asked.push(`await ${saga.plan} ${within}`)
        const status = statusOf(saga)
        if (status === null) throw new Error('unknown saga')
        return status
      },
      cancel: async ({ plan, id }, { reason, by }) =>
        void asked.push(`cancel ${plan} ${id}: ${reason} (${by})`),
      ...host,
    },
    peers: {
      request: async (service, request) => {
        asked.push(`${service}: ${request.method} ${request.path}`)
        headers = request.headers ?? {}
        if (peer === undefined) throw new Error('no peer in this scene')
        return peer(service, request, asked.length)
      },
    },
    clock,
    ids,
    isBusFull: () => isBusFull,
    pattern: 'orchestration',
    eventStreamsMax: () => eventStreamsMax,
    store: {
      ...store,
      begin: async (key, fingerprint) => {
        begun.push(key)
        return await store.begin(key, fingerprint)
      },
    },
  }
  return { gateway, asked, begun, headers: () => headers }
}
