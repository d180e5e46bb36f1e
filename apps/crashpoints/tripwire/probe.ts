// Owns: the names of the moments around a call of a port: `<verb>/<call>/<before | after | empty>`.
// I1: everything that one opening of a transaction or one call of a link does shares a scope; whoever opened it gives
// it its verb, and a batch that was received gets the verb that its messages go to.
// I2: a look for work that finds none (`empty`) makes the rest of its scope idle, so that what happens with work has
// names of its own.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Tripwire } from './tripwire.ts'
import { verbIn, type Verb } from './verbs.ts'

type When = 'before' | 'after' | 'empty'

interface Scope {
  readonly opener: string
  verb: string
  isInTransaction: boolean
}

/** A batch's own verbs: what is received goes to one of them. */
const OF_A_BATCH: ReadonlySet<Verb | null> = new Set(['perform', 'advance'])
const NOBODY = 'own'
/** Whoever is the first to use a topic asks the log about it, and makes it. */
const LEARN = 'learn'
const LEARNING: ReadonlySet<string> = new Set(['log.topics', 'log.topic_create'])
/** Whichever transaction comes next removes the rows of what was sent. */
const SENT = 'sent'
const REMOVE_SENT = 'outbox.remove'
/** Deep enough to see who called through the adapter. */
const FRAMES_MAX = 24

export interface ProbeOptions {
  readonly wire: Tripwire
  /** In a choreographed run what performs passes the turn on, too: it is called `travel` there. */
  readonly travels: boolean
}

export class Probe {
  readonly #wire: Tripwire
  readonly #travels: boolean
  readonly #scopes = new AsyncLocalStorage<Scope>()

  constructor({ wire, travels }: ProbeOptions) {
    this.#wire = wire
    this.#travels = travels
    Error.stackTraceLimit = FRAMES_MAX
  }

  /** Runs in the scope that is open, or in one of whoever calls; `opener` opens one in any case. */
  scoped<T>(run: () => T, opener?: string): T {
    if (opener === undefined && this.#scopes.getStore() !== undefined) return run()
    const verb = opener ?? verbIn(stackHere()) ?? NOBODY
    return this.#scopes.run(scopeOf(verb), run)
  }

  /** A transaction of its own inside of another one is the log's, which learns of a topic. */
  async transacted<T>(run: () => Promise<T>): Promise<T> {
    const outer = this.#scopes.getStore()
    const isNested = outer?.isInTransaction === true
    return await this.scoped(
      async () => {
        const scope = this.#scopes.getStore()
        if (scope !== undefined) scope.isInTransaction = true
        try {
          return await run()
        } finally {
          if (scope !== undefined) scope.isInTransaction = false
        }
      },
      isNested ? LEARN : undefined,
    )
  }

  /** From here on the scope's work is this verb's. */
  turn(verb: string): void {
    const scope = this.#scopes.getStore()
    if (scope !== undefined) scope.verb = verb
  }

  reach(call: string, when: When): void {
    this.#wire.reach(`${this.#verb(call)}/${call}/${when}`)
  }

  async call<T>(
    call: string,
    run: () => Promise<T>,
    isEmpty: (value: T) => boolean = () => false,
  ): Promise<T> {
    const verb = this.#verb(call)
    this.#wire.reach(`${verb}/${call}/before`)
    const value = await run()
    const empty = isEmpty(value)
    if (empty) this.turn(`${verb}-idle`)
    this.#wire.reach(`${verb}/${call}/${empty ? 'empty' : 'after'}`)
    return value
  }

  #verb(call: string): string {
    if (LEARNING.has(call)) return LEARN
    const verb = this.#verbAtWork()
    return call === REMOVE_SENT && verb !== 'relay' ? SENT : verb
  }

  #verbAtWork(): string {
    const scope = this.#scopes.getStore()
    if (scope !== undefined && scope.opener !== 'receive') return scope.verb
    const caller = verbIn(stackHere())
    // Beside what a batch is given to, and whether or not there is such a thing in it.
    if (caller === 'dispatch') return 'receive'
    if (scope === undefined) return caller ?? NOBODY
    if (caller !== null && OF_A_BATCH.has(caller))
      scope.verb = this.#travels && caller === 'perform' ? 'travel' : caller
    return scope.verb
  }
}

function scopeOf(opener: string): Scope {
  return { opener, verb: opener, isInTransaction: false }
}

function stackHere(): string {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, stackHere)
  return holder.stack ?? ''
}
