// Owns: the two shapes that the /v1 contract answers with: the queued event on writes, the history document on reads.
// I1: `uuid` is `event.__uuid`, and both times are one.
import { z } from 'zod'
import { rfc3339, uuid } from './schemas.ts'

/** The answer of every creating or paying call; `data` is the schema of the fields that are echoed. */
export function queuedEnvelopeSchema<Data extends z.ZodType>(data: Data) {
  return z.object({
    uuid,
    created_at: rfc3339,
    event: z.object({
      __uuid: uuid,
      __action: z.string(),
      __offset: z.literal(0),
      data,
      status: z.literal('QUEUE'),
      created_at: rfc3339,
    }),
  })
}

export interface QueuedEnvelope<Data> {
  uuid: string
  created_at: string
  event: {
    __uuid: string
    __action: string
    __offset: 0
    data: Data
    status: 'QUEUE'
    created_at: string
  }
}

export interface Queued<Data> {
  readonly uuid: string
  readonly action: string
  /** Echoed to the caller: never a secret. */
  readonly data: Data
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

export function queuedEnvelope<Data>({
  uuid: id,
  action,
  data,
  createdAt,
}: Queued<Data>): QueuedEnvelope<Data> {
  const createdAtText = new Date(createdAt).toISOString()
  return {
    uuid: id,
    created_at: createdAtText,
    event: { __uuid: id, __action: action, __offset: 0, data, status: 'QUEUE', created_at: createdAtText },
  }
}

const historyEntry = z.object({
  data: z.object({
    code: z.enum(['200', '400']),
    result: z.unknown().optional(),
    messages: z.string().optional(),
    error: z.unknown().optional(),
  }),
})

/** What is known about one event or aggregate; `status` is that of the last entry, `__offset` the entries minus one. */
export const historyDocumentSchema = z
  .object({
    __uuid: uuid,
    __action: z.string(),
    __offset: z.number().int().nonnegative(),
    history: z.array(historyEntry),
    status: z.enum(['success', 'failed']),
    created_at: rfc3339,
    update_at: rfc3339.describe('Spelled so by the contract'),
  })
  .meta({ id: 'HistoryDocument' })

export type HistoryDocument = z.output<typeof historyDocumentSchema>
