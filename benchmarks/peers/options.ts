// Owns: what can be said to the comparison with other engines.
import * as z from 'zod'
import { readOptions, words } from '../measure/options.ts'
import { CONTENDERS } from './contenders.ts'

const number = z.coerce.number<string>()
const ROUNDS_MAX = 100
const SECONDS_MAX = 3_600
const CALLERS_MAX = 4_096
const CALLERS_DEFAULT = '1,64,256'

const Line = z.object({
  seconds: number.min(1).max(SECONDS_MAX).default(10),
  rounds: number.int().min(1).max(ROUNDS_MAX).default(3),
  concurrency: words(number.int().min(1).max(CALLERS_MAX)).prefault(CALLERS_DEFAULT),
  only: words(z.enum(CONTENDERS)).prefault(CONTENDERS.join(',')),
  fail: number.min(0).max(1).default(0.1),
  warmUp: number.min(0).max(SECONDS_MAX).default(2),
})

export type PeersOptions = z.output<typeof Line>

export const USAGE =
  `usage: npm run bench:peers -- [--seconds 10] [--rounds 3] [--concurrency ${CALLERS_DEFAULT}] ` +
  `[--only ${CONTENDERS.join(',')}] [--fail 0.1] [--warm-up 2]`

export function peersOptions(args: readonly string[]): PeersOptions {
  return readOptions(args, Line)
}
