// Owns: how many requests a server works on at one time. Who comes then is told to come back, before anything of what
// he asks is read.
// I1: what begins something new is taken only while less than half of the room is in use, by whatever, so that what is
// begun can be finished.
// I2: a place is taken when a body has been read: who sends half of one has none, and who has left gives his back.
// I3: a stream, which lasts, has a bound of its own.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Server } from './ports.ts'
import { retryLater } from './problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `new`: begins what others will have to finish. `stream`: its answer lasts. */
    load?: 'new' | 'stream'
  }
}

const RETRY_SECONDS = 1

interface Bound {
  /** Asked at every request. */
  readonly countMax: () => number
  readonly isExempt: (request: FastifyRequest) => boolean
}

interface Place {
  readonly standBy: () => void
}

const places = new WeakMap<object, Place>()

export function boundInFlight(server: Server, { countMax, isExempt }: Bound): void {
  let count = 0
  let standingBy = 0
  const refuse = (request: FastifyRequest): void => {
    const room = request.routeOptions.config.load === 'new' ? Math.ceil(countMax() / 2) : countMax()
    if (count >= room) throw retryLater(RETRY_SECONDS, 'The service is over its load.')
  }
  const isFree = (request: FastifyRequest): boolean =>
    request.routeOptions.config.load === 'stream' || isExempt(request)
  server.addHook('onRequest', async (request) => {
    if (!isFree(request)) refuse(request)
  })
  server.addHook('preValidation', async (request: FastifyRequest, reply: FastifyReply) => {
    if (isFree(request) || reply.raw.closed) return
    refuse(request)
    count += 1
    let leave = (): void => void (count -= 1)
    const standBy = (): void => {
      if (standingBy >= countMax()) return
      leave()
      standingBy += 1
      leave = () => void (standingBy -= 1)
    }
    places.set(request.raw, { standBy })
    reply.raw.once('close', () => {
      places.delete(request.raw)
      leave()
    })
  })
}

/** From here on the request only waits for somebody else: its place is free, as long as not as many wait so already. */
export function standsBy({ raw }: Pick<FastifyRequest, 'raw'>): void {
  places.get(raw)?.standBy()
  places.delete(raw)
}
