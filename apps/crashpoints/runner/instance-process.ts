// Owns: one process of the system under test, as its parent has it: what it said, how it ended.
// I1: it is signalled by its own number only, and only while it is our child.
// I2: an end that nobody asked for is remembered: it is a failure, however well things go on.
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Command, Order, Word } from '../instance.ts'
import type { Play } from '../system/contracts.ts'
import { poll } from './clock.ts'

const PROGRAM = fileURLToPath(new URL('../instance.ts', import.meta.url))
const POLL_MS = 5
const LINES_COUNT_MAX = 30

type Heard = (word: Word) => boolean

export const ready: Heard = ({ type }) => type === 'ready'
export const tripped: Heard = ({ type }) => type === 'tripped'
export const played =
  ({ id }: Play): Heard =>
  (word) =>
    word.type === 'played' && word.id === id

export const either =
  (one: Heard, other: Heard): Heard =>
  (word) =>
    one(word) || other(word)

type ChildWithPipes = ChildProcessByStdio<Writable, Readable, Readable>

const running = new Set<InstanceProcess>()

/** For a run that is broken off: a stopped process would not notice that its parent is gone. */
export async function killRunning(): Promise<void> {
  await Promise.all([...running].map((one) => one.kill()))
}

export class InstanceProcess {
  readonly #child: ChildWithPipes
  readonly #words: Word[] = []
  readonly #errors: string[] = []
  readonly #closed: Promise<void>
  #isClosed = false
  #isOurs = false
  #ownEnd: string | null = null

  /** `cache` is where compiled code is kept, so that the next start costs less. */
  constructor(order: Order, cache: string) {
    const child: ChildWithPipes = spawn(process.execPath, [PROGRAM, JSON.stringify(order)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
    })
    this.#child = child
    running.add(this)
    // Its end closes the pipe under a command that is on its way.
    child.stdin.on('error', () => undefined)
    hearLines(child.stdout, (line) => this.#words.push(JSON.parse(line) as Word))
    hearLines(child.stderr, (line) => {
      this.#errors.push(line)
      this.#errors.splice(0, this.#errors.length - LINES_COUNT_MAX)
    })
    this.#closed = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        const isExpected = this.#isOurs || (signal === 'SIGKILL' && this.has(tripped))
        if (!isExpected) this.#ownEnd = `ended by itself with ${String(code ?? signal)}`
        this.#isClosed = true
        running.delete(this)
        resolve()
      })
    })
  }

  send(command: Command): void {
    if (!this.#isClosed) this.#child.stdin.write(`${JSON.stringify(command)}\n`)
  }

  has(word: Heard): boolean {
    return this.#words.some(word)
  }

  /** True once it has said so; false when it ended first, or the time is over. */
  async says(word: Heard, withinMs: number): Promise<boolean> {
    const answer = async (): Promise<boolean | undefined> => {
      if (this.has(word)) return true
      return this.#isClosed ? false : undefined
    }
    return (await poll(answer, { withinMs, everyMs: POLL_MS })) === true
  }

  /** What it came through since it was last asked. */
  async tells(withinMs: number): Promise<Readonly<Record<string, number>>> {
    const before = this.#words.length
    this.send({ do: 'tell' })
    await this.says((word) => word.type === 'told' && this.#words.indexOf(word) >= before, withinMs)
    const word = this.#words.findLast(({ type }) => type === 'told')
    return word?.type === 'told' ? word.reached : {}
  }

  /** What went wrong in it: its own words, and an end that was neither ours nor its trip's. */
  complaints(): readonly string[] {
    const said = this.#words.flatMap((word) => (word.type === 'failed' ? [word.error] : []))
    const end = this.#ownEnd === null ? [] : [this.#ownEnd]
    return [...said, ...end, ...this.#errors].map((line) => `process: ${line}`)
  }

  async kill(): Promise<void> {
    this.#isOurs = true
    if (!this.#isClosed) this.#child.kill('SIGKILL')
    await this.#closed
  }

  async ends(): Promise<void> {
    await this.#closed
  }

  /** Lets a stopped process go on. */
  goOn(): void {
    if (!this.#isClosed) this.#child.kill('SIGCONT')
  }
}

function hearLines(stream: Readable, hear: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') hear(line)
  })
}
