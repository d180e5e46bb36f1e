// Owns: `npm run demo`: every case in both patterns on an instance of its own, and one table at the end.
// I1: it uses a free port and a temporary folder, and leaves neither a process nor a file behind.
// I2: it fails when any case ended differently than it should, or did not end.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { startAllInOne } from '@ensemble/all-in-one'
import { PATTERNS } from '@ensemble/core'
import { CASES } from './demo/cases.ts'
import { play, type Played } from './demo/play.ts'
import { isAsExpected, tableOf } from './demo/table.ts'

/** Long enough for the cases that pay in time, short enough to wait for the one that does not. */
const PAYMENT_DUE_IN = '8s'
const MS_MAX = 120_000

if (process.argv.length > 2) {
  process.stderr.write(`${process.argv.slice(2).join(' ')}: not known here\nusage: npm run demo\n`)
  process.exit(1)
}

const begun = performance.now()

function say(line: string): void {
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1).padStart(5)
  process.stdout.write(`${seconds} s  ${line}\n`)
}

async function demo(signal: AbortSignal): Promise<boolean> {
  await using stack = new AsyncDisposableStack()
  const data = await mkdtemp(join(tmpdir(), 'ensemble-demo-'))
  stack.defer(() => rm(data, { recursive: true, force: true }))
  // Started by root, the server runs as somebody else, who has to get in.
  await chmod(data, 0o711)
  const system = await startAllInOne({
    environment: {
      host: '127.0.0.1',
      port: 0,
      data,
      pattern: 'orchestration',
      paymentDueIn: PAYMENT_DUE_IN,
      paymentReconcileEvery: '2m',
      payLaterLimit: 5_000_000,
      lagCountMax: 10_000,
      databaseUrl: undefined,
      databaseReadUrl: undefined,
      separateDatabases: false,
      isOpen: false,
    },
    say,
  })
  stack.defer(() => system.stop())
  say(`ready: ${system.url}; payments are due in ${PAYMENT_DUE_IN}`)
  const given = CASES.flatMap((one) => PATTERNS.map((pattern) => ({ one, pattern })))
  const playing = given.map(({ one, pattern }) => play(one, { url: system.url, pattern, tag: pattern, say }))
  const settled = await Promise.race([Promise.allSettled(playing), aborted(signal)])
  const played = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failures = settled.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  )
  process.stdout.write(`\n${tableOf(played)}\n\n`)
  for (const failure of failures) process.stderr.write(`${inspect(failure)}\n`)
  for (const one of played) complain(one)
  return failures.length === 0 && played.length === given.length && played.every(isAsExpected)
}

async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal.addEventListener(
      'abort',
      () => reject(new Error('stopped, or not done in time', { cause: signal.reason })),
      { once: true },
    )
  })
}

function complain(one: Played): void {
  if (isAsExpected(one)) return
  const { ending, pattern } = one
  process.stderr.write(
    `${one.case.name}, ${pattern}: expected ${inspect(one.case.ending)}\n  but it is ${inspect(ending)}\n`,
  )
}

const stopping = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stopping.abort(new Error(`stopped by ${name}`)))
}
try {
  const isRight = await demo(AbortSignal.any([stopping.signal, AbortSignal.timeout(MS_MAX)]))
  say(isRight ? 'every case ended as it should, in both patterns' : 'NOT every case ended as it should')
  process.exitCode = isRight ? 0 : 1
} catch (error) {
  process.stderr.write(`the demo failed: ${inspect(error)}\n`)
  process.exitCode = 1
}
