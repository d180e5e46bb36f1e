// Owns: one participant on a bench, for scenes about single messages: what a batch of them leaves in the
// operation's row and sends.
import {
  begin,
  TOPIC,
  type Answer,
  type Ask,
  type EventMessage,
  type Message,
  type Pattern,
  type Plan,
} from '@ensemble/core'
import { manualClock, memoryDatabase, seededIds } from '@ensemble/memory'
import type { Clock, Database, OperationRow, Stopwatch, Transaction } from '@ensemble/runtime'
import { commandsOf, withdrawOf } from '../src/letters.ts'
import { EnsembleError } from '../src/errors.ts'
import { EffectWorker } from '../src/effects.ts'
import type { EffectHandler } from '../src/handlers.ts'
import { perform, type PerformOptions } from '../src/perform/perform.ts'
import { serviceOf, worksOf } from '../src/perform/work.ts'
import { PlanBook } from '../src/plans.ts'
import {
  implementationOf,
  newScript,
  planOf,
  things,
  type Form,
  type Script,
  type Thing,
} from './services.ts'
import { T0 } from './world.ts'
import type { StepKind } from '@ensemble/core'

export interface BenchOptions {
  readonly pattern: Pattern
  readonly kind?: StepKind
  readonly form?: Form
  readonly plan?: Plan<{ readonly key: string }>
}

export const CANCEL = { reason: 'changed my mind', by: 'customer' }

export class Bench {
  readonly clock = manualClock(T0)
  readonly script: Script = newScript()
  readonly database: Database
  readonly plan: Plan<{ readonly key: string }>
  readonly ask: Ask
  readonly run: Message
  options: PerformOptions
  readonly #service

  constructor({ pattern, kind = 'compensatable', form = 'make', plan }: BenchOptions) {
    this.database = memoryDatabase({ name: 'a', clock: this.clock })
    const after =
      kind === 'retriable'
        ? ([{ kind: 'retriable' }] as const)
        : ([{ kind: 'compensatable' }, { kind: 'retriable' }] as const)
    this.plan =
      plan ??
      planOf('bench', kind === 'pivot' ? [{ kind, form }, { kind: 'retriable' }] : [{ kind, form }, ...after])
    const saga = { plan: this.plan.name, id: 'x', pattern }
    const decision = begin(this.plan, { saga, input: { key: 'x' }, now: T0, wish: null })
    if (decision.type !== 'decided' || decision.next.do !== 'ask') throw new Error('a plan begins by asking')
    const { ask } = decision.next
    this.ask = ask
    const { version, fingerprint } = this.plan
    const [command] = commandsOf(decision, T0)
    if (command === undefined) throw new Error('an asking is a command')
    this.run =
      pattern === 'orchestration'
        ? command
        : {
            type: 'start',
            id: 'bench/x#start',
            topic: TOPIC.started,
            key: 'x',
            saga,
            plan: { version, fingerprint },
            input: { key: 'x' },
            issuedAt: T0,
            slip: { state: decision.state, ask },
            again: 0,
          }
    this.#service = serviceOf('a', implementationOf('a', this.script))
    const { handlers } = this.#service
    const ids = seededIds(3)
    this.options = {
      shop: {
        service: 'a',
        plans: new PlanBook([this.plan]),
        retry: { delayMsMin: 100, delayMsMax: 1_000, attemptsMax: 3 },
        chance: () => ids.chance(),
        refOf: (request) => {
          const handler = handlers.get(request)
          if (handler === undefined) throw new EnsembleError('CONTRACT_UNKNOWN', request)
          return handler.ref
        },
      },
      stores: this.database.stores,
      defers: true,
      horizonCheckedBefore: () => Number.POSITIVE_INFINITY,
      refuse: null,
      onDue: () => undefined,
    }
  }

  /** The run's undo, as an orchestrator would ask for it. */
  get undo(): Message {
    const ask: Ask = {
      ...this.ask,
      operation: this.ask.operation.replace(/run$/, 'undo'),
      direction: 'undo',
      request: 'unmake',
      deadline: null,
    }
    if (this.run.type !== 'command') throw new Error('only orchestrated')
    return { ...this.run, id: `${ask.operation}#0`, ask }
  }

  again(again: number): Message {
    return this.run.type === 'start' ? { ...this.run, again } : this.run
  }

  withdraw(supply: Answer | null = null, ask: Ask = this.ask): Message {
    if (this.run.type !== 'command' && this.run.type !== 'start')
      throw new Error('a run is a command or a start')
    const { saga, plan } = this.run
    return { ...withdrawOf({ saga, plan, ask }, CANCEL, this.clock.now()), supply }
  }

  retry(attempt: number, message: Message = this.run): Message {
    return {
      type: 'retry',
      id: `${message.id}~${attempt}`,
      topic: TOPIC.commands('a'),
      key: 'x',
      attempt,
      message,
    }
  }

  /** One batch of these messages; what it sends. */
  async deliver(...messages: readonly Message[]): Promise<readonly Message[]> {
    return await this.database.transaction(async (tx) => await this.#perform(tx, messages))
  }

  async row(id = this.ask.operation): Promise<OperationRow | undefined> {
    const { stores } = this.database
    return await this.database.transaction(
      async (tx) => (await stores.operations.load(tx, { ids: [id], deferredOf: [] }))[0],
    )
  }

  async status(): Promise<string> {
    return (await this.row())?.status ?? 'none'
  }

  async thing(): Promise<Thing | undefined> {
    return await this.database.transaction(async (tx) => (await things.load(tx, ['x'])).get('x'))
  }

  /** What is due within `ms`. */
  async due(ms: number): Promise<readonly Message[]> {
    await this.clock.advance(ms)
    return await this.database.transaction((tx) => this.database.stores.scheduled.takeDue(tx, 100))
  }

  async deadLetters(): Promise<readonly string[]> {
    return (await this.database.stores.deadLetters.list(this.database, 10)).map(({ reason }) => reason)
  }

  /** A worker of effects whose messages are kept in `sent`. */
  worker(sent: Message[], clock: Clock & Stopwatch = this.clock): EffectWorker {
    const { database } = this
    const handlers = [...this.#service.handlers.values()].filter(
      (handler): handler is EffectHandler => handler.form === 'effect',
    )
    const link: ConstructorParameters<typeof EffectWorker>[0]['link'] = {
      transaction: async (work) => {
        const { value, messages } = await database.transaction(work)
        sent.push(...messages)
        return value
      },
      receive: async () => 0,
      put: async () => undefined,
      relay: async () => 0,
      onNews: () => undefined,
      close: async () => undefined,
    }
    return new EffectWorker({
      shop: this.options.shop,
      database,
      link,
      clock,
      handlers,
      onDone: () => undefined,
    })
  }

  async #perform(tx: Transaction, messages: readonly Message[]): Promise<readonly Message[]> {
    const works = messages.flatMap((message) => worksOf(this.#service, message))
    return (await perform(tx, works, this.options)).messages
  }
}

function eventLine({ id, answer, slip, again }: EventMessage): string {
  const next = slip === null ? '' : ` -> ${slip.ask.operation}`
  return `${id} ${answer?.status ?? 'public'}${next}${again === 0 ? '' : ` again ${again}`}`
}

/** What matters of sent messages, in a line each; history aside. */
export function lines(messages: readonly Message[]): readonly string[] {
  return messages.flatMap((message) => {
    switch (message.type) {
      case 'event':
        return [eventLine(message)]
      case 'withdraw':
        return [`withdraw ${message.ask.operation}`]
      case 'note':
        return [`note ${message.note.type}`]
      case 'ended':
        return [message.name]
      case 'history':
        return []
      case 'cancel':
      case 'command':
      case 'retry':
      case 'start':
      case 'timer':
        return [message.type]
      default:
        return message satisfies never
    }
  })
}
