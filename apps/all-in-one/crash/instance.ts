// Owns: the process under test: `npm start` on one data folder, killed and started again.
// I1: it is one process, started as people start it; nothing of it runs in here.
// I2: an end that nobody asked for is remembered: it is a failure, however well things go on.
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { poll } from '../audit/clock.ts'
import { killPostmaster } from './postmaster.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const START_MS_MAX = 60_000
const STOP_MS_MAX = 20_000
const ASK_MS_MAX = 2_000
const POLL_MS = 20
const LINES_COUNT_MAX = 40

export interface InstanceOptions {
  /** ENSEMBLE_DATA. */
  readonly directory: string
  readonly isSeparate: boolean
  /** PAYMENT_DUE_IN. */
  readonly dueIn: string
}

export interface Instance {
  /** Where it listened last; '' before the first start. */
  readonly url: string
  /** What it said last, and how it ended where nobody had asked it to. */
  readonly lines: readonly string[]
  readonly ownEnds: readonly string[]
  /** Starts it; `ready` resolves when it has said that it is. */
  start(): { readonly ready: Promise<void> }
  kill(): Promise<void>
  /** Whether it ended by itself. */
  hasEnded(): boolean
  /** Whether it says now that it can do its work. */
  isReady(): Promise<boolean>
  /** As with Ctrl-C. */
  stop(): Promise<void>
}

export function instanceOf({ directory, isSeparate, dueIn }: InstanceOptions): Instance {
  const lines: string[] = []
  const ownEnds: string[] = []
  let url = ''
  let running: { readonly child: ChildProcess; readonly ended: Promise<void> } | undefined
  const hear = (text: string): void => {
    lines.push(...text.split('\n').filter((line) => line !== ''))
    lines.splice(0, lines.length - LINES_COUNT_MAX)
    url = /ready: (http\S+)/.exec(text)?.[1] ?? url
  }
  const start = (): { readonly ready: Promise<void> } => {
    url = ''
    const child = spawn(process.execPath, [MAIN, ...(isSeparate ? ['--separate-databases'] : [])], {
      env: { ...process.env, PORT: '0', ENSEMBLE_DATA: directory, PAYMENT_DUE_IN: dueIn },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    const ended = new Promise<void>((resolve) => {
      child.once('exit', (code, signal) => {
        if (running?.child === child)
          ownEnds.push(`ended by itself with ${String(code ?? signal)}:\n${lines.join('\n')}`)
        resolve()
      })
    })
    running = { child, ended }
    const isDecided = async (): Promise<true | undefined> =>
      url !== '' || hasEnded(child) || running?.child !== child ? true : undefined
    return { ready: poll(isDecided, { withinMs: START_MS_MAX, everyMs: POLL_MS }).then(() => undefined) }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const last = running
    running = undefined
    if (last === undefined) return
    last.child.kill(signal)
    const isOver = await poll(async () => (hasEnded(last.child) ? true : undefined), {
      withinMs: STOP_MS_MAX,
      everyMs: POLL_MS,
    })
    if (isOver === undefined) last.child.kill('SIGKILL')
    await last.ended
  }
  return {
    get url() {
      return url
    },
    lines,
    ownEnds,
    start,
    kill: async () => await end('SIGKILL'),
    hasEnded: () => running !== undefined && hasEnded(running.child),
    isReady: async () => {
      if (url === '') return false
      const signal = AbortSignal.timeout(ASK_MS_MAX)
      return await fetch(`${url}/health/ready`, { signal }).then(
        async (answer) => {
          await answer.arrayBuffer()
          return answer.ok
        },
        () => false,
      )
    },
    stop: async () => {
      await end('SIGINT')
      // Left only where the stop had to be forced.
      await killPostmaster(directory)
    },
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
