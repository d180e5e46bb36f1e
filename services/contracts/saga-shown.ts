// Owns: a saga as answers over HTTP show it.
import { PATTERNS } from '@ensemble/core'
import * as z from 'zod'

export const SagaShown = z.object({
  plan: z.string(),
  id: z.string(),
  pattern: z.enum(PATTERNS),
  status: z.enum(['running', 'completed', 'compensated']),
  data: z.unknown().describe('What the saga ended with; null while it runs'),
})
