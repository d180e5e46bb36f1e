// Owns: one connection of a process to a database server while it runs one transaction: the statements it has sent,
// one after the other, the waiting for locks, and what becomes of it all when the connection is lost.
// I1: statements are done in the order they were sent; the one behind a waiting one waits, too.
// I2: a statement that fails takes back what was done since the last savepoint; each further one fails, until ROLLBACK,
// or ROLLBACK TO a savepoint.
// I3: a connection that is lost before COMMIT was done rolls back; one that is lost after it does not.
import type { Time } from '@ensemble/core'
import type { Open } from '@ensemble/memory'
import type { Chance } from '../chance.ts'
import { HAPPENED } from '../coverage.ts'
import { keptIn } from '../evidence.ts'
import type { Faults } from '../faults.ts'
import type { Process } from '../process.ts'
import type { Schedule } from '../schedule.ts'
import { Blocked, raised } from './errors.ts'
import type { Write } from './footprint.ts'
import { Touched } from './touched.ts'
import type { DatabaseServer } from './server.ts'
import type { ServerTransaction } from './transaction.ts'

/** As the engine's own connections are set: "something is wrong", not "slow". */
const LOCK_TIMEOUT_MS = 10_000
/** Of who is in a hurry, as the engine's own connections are set then. */
const HURRY_LOCK_TIMEOUT_MS = 200

/** Who is paused while it hears that a call is its own to make may sleep over the time that it has for it. */
const CLAIM_TIMES = 150

export interface SessionParts {
  readonly server: DatabaseServer
  readonly process: Process
  readonly schedule: Schedule
  readonly faults: Faults
  readonly chance: Chance
  /** Longest time that a statement needs to arrive, milliseconds. */
  readonly latencyMsMax: number
  /** Share of the statements sent together that others may come between. */
  readonly interleaved: number
  readonly saw: (what: string) => void
}

type Kind = 'statement' | 'savepoint' | 'rollback to' | 'commit' | 'rollback'

/** In whose tables a statement is. */
export interface Place {
  readonly schema: string
  /** The process of whoever these are. */
  readonly process: Process
}

interface Sent {
  readonly kind: Kind
  readonly name: string
  /** How long it waits for a lock. */
  readonly waitMs: number
  readonly act: (tx: ServerTransaction, isAgain: boolean) => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

export class Session {
  readonly #parts: SessionParts
  readonly #queue: Sent[] = []
  readonly #tx: ServerTransaction
  #isBusy = false
  #isLost = false
  #wasSilent = false
  #hasFailed = false
  #hasEnded = false
  /** Whether a reader has seen anything of it. */
  #hasShown = false
  #lockTimeoutMs = LOCK_TIMEOUT_MS

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#tx = parts.server.begin(parts.chance)
  }

  get now(): Time {
    return this.#tx.now
  }

  get hasEnded(): boolean {
    return this.#hasEnded || this.#isLost
  }

  /** Of what is sent from now on. */
  hurry(): void {
    this.#lockTimeoutMs = HURRY_LOCK_TIMEOUT_MS
  }

  async statement<T>(run: (open: Open) => T, { schema, process }: Place): Promise<T> {
    if (this.#parts.process.watch === null)
      return await this.#send<T>('statement', 'statement', (tx, isAgain) => tx.run(run, { schema, isAgain }))
    return await this.#send<T>('statement', 'statement', (tx, isAgain) => {
      const touched = new Touched()
      const value = tx.run((open) => run(touched.over(open)), { schema, isAgain })
      if (touched.text !== '') this.#show(touched.text, process)
      return value
    })
  }

  async savepoint(name: string): Promise<void> {
    await this.#send<undefined>('savepoint', `SAVEPOINT ${name}`, (tx) => tx.savepoint(name))
  }

  async release(name: string): Promise<void> {
    await this.#send<undefined>('savepoint', `RELEASE ${name}`, (tx) => tx.release(name))
  }

  async rollbackTo(name: string): Promise<void> {
    await this.#send<undefined>('rollback to', `ROLLBACK TO ${name}`, (tx) => {
      this.#hasFailed = false
      this.#parts.server.freed(tx, tx.rollbackTo(name))
    })
  }

  /** Answers the command that was done: a transaction that has failed is rolled back. */
  async commit(): Promise<'COMMIT' | 'ROLLBACK'> {
    return await this.#send<'COMMIT' | 'ROLLBACK'>('commit', 'COMMIT', (tx) => {
      this.#hasEnded = true
      if (this.#hasFailed) {
        this.#parts.server.rollback(tx)
        return 'ROLLBACK'
      }
      try {
        this.#commit(tx)
      } catch (error) {
        this.#parts.server.rollback(tx)
        throw error
      }
      return 'COMMIT'
    })
  }

  async rollback(): Promise<void> {
    await this.#send<undefined>('rollback', 'ROLLBACK', (tx) => {
      this.#hasEnded = true
      this.#parts.server.rollback(tx)
    })
  }

  /** The connection is gone: what is not committed is rolled back, what was not answered never will be. */
  lose(): void {
    if (this.hasEnded) return
    this.#isLost = true
    this.#parts.server.stopWaiting(this.#tx)
    this.#parts.server.rollback(this.#tx)
    this.#failAll()
  }

  /** Ends a session in which nothing is under way, as the bound on idle transactions does. */
  loseIfIdle(): void {
    if (this.#isBusy || this.#queue.length > 0) return
    this.#wasSilent = true
    this.lose()
  }

  #send<T>(kind: Kind, name: string, act: Sent['act']): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.#parts.process.calls(name)) return
      if (this.#isLost) {
        if (this.#wasSilent) this.#parts.saw(HAPPENED.zombie)
        this.#parts.schedule.after(0, () => this.#parts.process.hears(() => reject(connectionLost())))
        return
      }
      const waitMs = this.#lockTimeoutMs
      this.#queue.push({ kind, name, waitMs, act, resolve: (value) => resolve(value as T), reject })
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#isBusy || this.#queue.length === 0) return
    this.#isBusy = true
    const { schedule, chance, latencyMsMax, faults, process } = this.#parts
    const slow = faults.hit('slow statement', process.name) ? chance.int(500, 5_000) : 0
    // A process that is paused sends nothing, either.
    process.hears(() => schedule.after(chance.skewed(0, latencyMsMax) + slow, () => this.#next()))
  }

  #next(): void {
    const [sent] = this.#queue
    if (sent === undefined || this.#isLost) return
    const { server, faults, process } = this.#parts
    if (server.isDown || faults.hit('connection lost', process.name)) this.lose()
    else this.#do(sent, false)
  }

  #do(sent: Sent, isAgain: boolean): void {
    if (this.#isLost) return
    if (sent.kind === 'commit' && this.#isCommitUnknown(sent)) return
    try {
      if (this.#hasFailed && (sent.kind === 'statement' || sent.kind === 'savepoint'))
        throw raised('ROLLED_BACK', 'the transaction is aborted')
      if (sent.kind === 'statement' && this.#parts.faults.hit('serialization', this.#parts.process.name))
        throw raised('SERIALIZATION', 'injected')
      this.#dropLocks()
      const value = sent.act(this.#tx, isAgain)
      this.#answer(sent, () => sent.resolve(value))
    } catch (error) {
      if (error instanceof Blocked) this.#wait(sent, error)
      else this.#failed(sent, error)
    }
  }

  /** Above READ COMMITTED a lock may be only a hint: the checks at the write and at COMMIT are the guarantee. */
  #dropLocks(): void {
    const { server, faults, process } = this.#parts
    if (server.isolation === 'read committed' || !faults.hit('lock dropped', process.name)) return
    this.#tx.dropLocks()
    server.freed(this.#tx, null)
  }

  #commit(tx: ServerTransaction): void {
    if (this.#hasShown) this.#show('COMMIT')
    const { server, faults, process, chance } = this.#parts
    const claims = tx.written().some(isClaim)
    server.commit(tx)
    if (claims && faults.hit('pause in a call', process.name, CLAIM_TIMES))
      process.pause(chance.int(8_000, 30_000))
  }

  /** `at` is the process in whose tables it is. */
  #show(what: string, at = this.#parts.process): void {
    const { watch, name } = this.#parts.process
    this.#hasShown = true
    watch?.did(at.name, at.name === name ? what : `${what}, by ${name}`)
  }

  #failed(sent: Sent, error: unknown): void {
    this.#show(`${sent.name} fails: ${String(error)}`)
    this.#hasFailed = true
    this.#parts.server.freed(this.#tx, this.#tx.abort())
    this.#answer(sent, () => sent.reject(error))
  }

  #answer(sent: Sent, act: () => void): void {
    this.#queue.shift()
    this.#isBusy = false
    this.#parts.process.hears(act, sent.name)
    if (this.#isLost || this.#queue.length === 0) return
    if (this.#parts.chance.hit(this.#parts.interleaved)) {
      this.#pump()
      return
    }
    this.#isBusy = true
    this.#next()
  }

  #wait(sent: Sent, blocked: Blocked): void {
    const { server, schedule, chance, saw, process } = this.#parts
    saw(HAPPENED.blocked)
    process.watch?.did(process.name, 'waits for a lock')
    server.wait(this.#tx, blocked, {
      chance,
      wake: () => schedule.after(chance.int(0, 1), () => this.#do(sent, true)),
      refuse: (error) => {
        saw(HAPPENED.deadlock)
        this.#failed(sent, error)
      },
    })
    schedule.after(sent.waitMs, () => {
      if (this.#queue[0] !== sent || !server.stopWaiting(this.#tx)) return
      this.#failed(sent, raised('TIMEOUT', `${sent.name} waited ${sent.waitMs} ms for a lock`))
    })
  }

  /** The answer to COMMIT is lost: it was done, or it was not. */
  #isCommitUnknown(sent: Sent): boolean {
    const { faults, chance, server, process } = this.#parts
    if (this.#hasFailed || !faults.hit('commit unknown', process.name)) return false
    if (chance.hit(0.5)) this.#committed()
    else server.rollback(this.#tx)
    this.#isLost = true
    this.#queue.length = 0
    process.hears(() => sent.reject(raised('COMMIT_UNKNOWN', 'no answer to COMMIT')))
    return true
  }

  #committed(): void {
    try {
      this.#commit(this.#tx)
    } catch {
      this.#parts.server.rollback(this.#tx)
    }
  }

  #failAll(): void {
    for (const sent of this.#queue.splice(0)) {
      const error =
        sent.kind === 'commit'
          ? raised('COMMIT_UNKNOWN', 'the connection was lost at COMMIT')
          : connectionLost()
      this.#parts.process.hears(() => sent.reject(error))
    }
  }
}

function connectionLost(): Error {
  return raised('CONNECTION', 'the connection is lost')
}

function isClaim({ table, rows }: Write): boolean {
  return table.name === 'operations' && keptIn(rows.at(-1) ?? null)?.['status'] === 'calling'
}
