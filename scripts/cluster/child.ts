// Owns: one process of the cluster: started, its lines told under its name, started again when it dies.
// I1: it gets signals by its process number only, and only while it is ours and runs.
// I2: pauses between starts grow while it dies young, and are short again once it has lived for a while.
// I3: a terminal's Ctrl-C reaches the supervisor alone, which ends its processes in their order; one whose supervisor
// is gone ends by itself.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { backoffMs, type RetryPolicy } from '@ensemble/core'
import type { Clock } from '@ensemble/runtime'

export interface ChildOptions {
  /** `order-2`: of its service's instances the second. */
  readonly name: string
  readonly service: string
  readonly url: string
  /** Of Node: program and arguments. */
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly chance: () => number
  readonly say: (line: string) => void
  /** Hears what it sends over its channel. */
  readonly hear?: (message: unknown) => void
}

export interface Child extends Pick<ChildOptions, 'name' | 'service' | 'url'> {
  /** undefined while it does not run. */
  readonly pid: number | undefined
  /** Whether it says now that it can do its work. */
  isReady(): Promise<boolean>
  /** Answers whether there was a process to hear it. */
  signal(signal: NodeJS.Signals): boolean
  /** Ends it in good order, by force when it takes too long. */
  stop(): Promise<void>
}

const AGAIN: RetryPolicy = { delayMsMin: 200, delayMsMax: 10_000, attemptsMax: 1 }
/** Whoever lived that long did not die of how it was started. */
const SETTLED_MS = 20_000
/** Longer than a server takes to answer what it is at (DRAIN_MS_MAX) and a batch takes to end. */
const STOP_MS_MAX = 30_000
const READY_MS_MAX = 3_000

export function keepRunning(options: ChildOptions): Child {
  const { name, service, url, clock, chance, say } = options
  const stopping = new AbortController()
  let running: Running | undefined
  const pauseAfter = pausesOf(chance)
  const live = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const startedAt = clock.now()
      running = start(options)
      const how = await running.ended
      running = undefined
      if (stopping.signal.aborted) return
      const pauseMs = pauseAfter(clock.now() - startedAt)
      say(`ended by itself (${how}), is started again in ${pauseMs} ms`)
      await clock.sleep(pauseMs, stopping.signal)
    }
  }
  const living = live()
  const signal = (word: NodeJS.Signals): boolean => running?.child.kill(word) === true
  return {
    name,
    service,
    url,
    get pid() {
      return running?.child.pid
    },
    isReady: () => isReady(url),
    signal,
    stop: async () => {
      stopping.abort()
      signal('SIGTERM')
      const over = new AbortController()
      const late = clock.sleep(STOP_MS_MAX, over.signal).then(() => void signal('SIGKILL'))
      await living
      over.abort()
      await late
    },
  }
}

/** The pause after a life of so many milliseconds. */
export function pausesOf(chance: () => number): (livedMs: number) => number {
  let young = 0
  return (livedMs) => {
    young = livedMs < SETTLED_MS ? young + 1 : 1
    return backoffMs(AGAIN, young, chance())
  }
}

interface Running {
  readonly child: ChildProcess
  /** Resolves with how it ended. */
  readonly ended: Promise<string>
}

function start({ args, env, say, hear }: ChildOptions): Running {
  const child = spawn(process.execPath, args, {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  for (const output of [child.stdout, child.stderr]) {
    if (output !== null) createInterface({ input: output }).on('line', say)
  }
  child.on('message', (message) => hear?.(message))
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`))
  })
  return { child, ended }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/v1/health/ready`, { signal: AbortSignal.timeout(READY_MS_MAX) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
