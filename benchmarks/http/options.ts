// Owns: what can be said to the benchmark of the whole system over HTTP.
import { PATTERNS } from '@ensemble/core'
import * as z from 'zod'
import { readOptions } from '../measure/options.ts'

const number = z.coerce.number<string>()
const CALLERS_MAX = 1_024
const SECONDS_MAX = 86_400
const WARM_UP_SECONDS_MAX = 600
const LOOKS = ['wait', 'poll'] as const
const SURGE_MAX = 10

const Line = z.object({
  seconds: number.min(1).max(SECONDS_MAX).default(10),
  concurrency: number.int().min(1).max(CALLERS_MAX).default(64),
  pattern: z.enum(PATTERNS).default('orchestration'),
  /** How a client sees that its order is complete. */
  look: z.enum(LOOKS).default('wait'),
  warmUp: number.min(0).max(WARM_UP_SECONDS_MAX).default(3),
  /** So many times the customers that the system can serve come for a while, whether it answers or not; 0: none do. */
  surge: number.min(0).max(SURGE_MAX).default(0),
})

export type HttpOptions = z.output<typeof Line>

export const USAGE =
  `usage: npm run bench:http -- [--seconds 10] [--concurrency 64] [--pattern ${PATTERNS.join('|')}] ` +
  `[--look ${LOOKS.join('|')}] [--warm-up 3] [--surge 0]`

export function httpOptions(args: readonly string[]): HttpOptions {
  return readOptions(args, Line)
}
