// Owns: what others tell history over the bus: events `logger.save` and `logger.delete` on the topic `logger.events`,
// with the fields of its HTTP API as data. No behaviour.
import * as z from 'zod'
import { Uuid } from './values.ts'

/** What a history document is about. */
export const ACTIONS = ['users', 'order', 'payment'] as const

/** Whose events they are. */
export const LOGGER = 'logger'
export const LOGGER_SAVE = `${LOGGER}.save`
export const LOGGER_DELETE = `${LOGGER}.delete`

export const LoggerDocument = z.object({ action: z.enum(ACTIONS), uuid: Uuid })

export const LoggerEntry = z.object({
  ...LoggerDocument.shape,
  status: z.enum(['success', 'failed']),
  data: z.strictObject({
    code: z.enum(['200', '400']),
    result: z.unknown().optional(),
    messages: z.string().max(1_000).optional(),
    error: z.unknown().optional(),
  }),
})
