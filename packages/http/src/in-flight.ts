// Owns: how many requests a server answers at one time. Who comes then is told to come back, before anything of what he
// asks is read.
// I1: what begins something new has half of the room, so that what is begun can be finished.
// I2: whether the process lives is always answered; a stream, which lasts, has a bound of its own.
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

export function boundInFlight(server: Server, { countMax, isExempt }: Bound): void {
  let count = 0
  server.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const { load } = request.routeOptions.config
    if (load === 'stream' || isExempt(request)) return
    const room = load === 'new' ? Math.ceil(countMax() / 2) : countMax()
    if (count >= room) throw retryLater(RETRY_SECONDS, 'The service is over its load.')
    count += 1
    // Answered, or given up by who asked.
    reply.raw.once('close', () => {
      count -= 1
    })
  })
}
