// Owns: what others tell history over the bus: events `logger.save` and `logger.delete` on the topic `logger.events`,
// with the fields of the HTTP API as data. Pure.
// Does not own: the events that our own services publish for everybody (documents.ts).
// I1: an event that says something else than the contract adds nothing: what it says is for nobody here.
import type { Message } from '@ensemble/core'
import { Uuid } from '@ensemble/service-contracts'
import * as z from 'zod'
import { ACTIONS, type Action, type DocumentEntry } from './documents.ts'

/** Whose events they are: its topic is `logger.events`. */
export const LOGGER = 'logger'
export const SAVE = `${LOGGER}.save`
export const DELETE = `${LOGGER}.delete`

/** Of entries that callers save: after what the services told in the same millisecond. */
export const RANK_SAVED = 10

export const Which = z.object({ action: z.enum(ACTIONS), uuid: Uuid })

export const SaveRequest = z.object({
  ...Which.shape,
  status: z.enum(['success', 'failed']),
  data: z.strictObject({
    code: z.enum(['200', '400']),
    result: z.unknown().optional(),
    messages: z.string().max(1_000).optional(),
    error: z.unknown().optional(),
  }),
})

export function savedOf(message: Message): readonly DocumentEntry[] {
  if (message.type !== 'event' || message.name !== SAVE) return []
  const { success, data } = SaveRequest.safeParse(message.data)
  if (!success) return []
  return [{ ...data, eventId: message.id, saga: null, at: message.at, rank: RANK_SAVED }]
}

export function removalOf(message: Message): { readonly action: Action; readonly uuid: string } | undefined {
  return message.type === 'event' && message.name === DELETE ? Which.safeParse(message.data).data : undefined
}
