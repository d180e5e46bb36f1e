// Owns: that wrapping a handler loses none of its types.
import { z } from 'zod'
import { idempotent, problems } from '../src/index.ts'
import type { IdempotencyStore, Routes } from '../src/index.ts'

declare const store: IdempotencyStore

const schema = {
  body: z.object({ a: z.number() }),
  response: { 200: z.object({ b: z.string() }), ...problems(404, 409) },
}

export const wrapped: Routes = (server) => {
  server.post(
    '/right',
    { schema },
    idempotent(store, async (request, reply) => {
      const a: number = request.body.a
      // @ts-expect-error the body has no such member
      request.body.b
      reply.code(200)
      return { b: String(a) }
    }),
  )
  server.route({
    method: 'POST',
    url: '/routed',
    schema,
    handler: idempotent(store, async (request) => ({ b: String(request.body.a) })),
  })
  server.post(
    '/wrong',
    { schema },
    // @ts-expect-error the answer is not the declared one
    idempotent(store, async (request) => ({ b: request.body.a })),
  )
}
