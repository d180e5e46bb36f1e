// Owns: the verb relay: a Bus made of a transport in another place than the service's database, by an outbox
// in that database.
// I1: messages are a row of the outbox in the transaction that decided them; they are sent after COMMIT, and the
// row is deleted with the next transaction that has one to store, by the next sweep, or at the end: alone it would cost
// a COMMIT of its own.
// I2: what a crashed sender left behind is claimed by any instance and sent; sent twice is harmless.
// I3: what the transport can never carry is refused before COMMIT: sent later, it would fail for ever.
// I4: the bus position moves only after the database has committed.
import { goesOut, type Message } from '@ensemble/core'
import { tell } from './diagnostics.ts'
import { batched, lengthOf } from './shell/room.ts'
import type {
  Bus,
  Database,
  Ids,
  Link,
  OutboxStore,
  Queryable,
  Subscription,
  Transaction,
  Transport,
} from './ports.ts'

/** After this long a row of the outbox counts as left behind, milliseconds. */
const LEFT_BEHIND_MS = 5_000

/** Rows of the outbox that one sweep sends; each is what a whole batch had to say. */
const SWEEP_COUNT_MAX = 50

export function outboxed(transport: Transport, ids: Ids): Bus {
  return {
    connect: async ({ service, database, topics }) => {
      const subscription = topics.length === 0 ? null : await transport.subscribe({ group: service, topics })
      return new OutboxLink({ service, database, transport, subscription, ids })
    },
  }
}

interface Parts {
  readonly service: string
  readonly database: Database
  readonly transport: Transport
  readonly subscription: Subscription | null
  readonly ids: Ids
}

interface Left {
  readonly id: string
  readonly messages: readonly Message[]
}

class OutboxLink implements Link {
  readonly #parts: Parts
  /** Rows whose messages the transport has. */
  #sent: readonly string[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async transaction<T>(
    work: (tx: Transaction) => Promise<{ readonly value: T; readonly messages: readonly Message[] }>,
  ): Promise<T> {
    const { database } = this.#parts
    let left: Left | null = null
    let sent: readonly string[] = []
    const value = await database
      .transaction(
        async (tx) => {
          // What a try before this one has taken.
          this.#giveBack(sent)
          sent = []
          const done = await work(tx)
          left = this.#keep(tx, done.messages)
          sent = left === null ? [] : this.#takeSent()
          if (sent.length > 0) tx.defer(this.#outbox.remove(tx, sent))
          return done.value
        },
        { isEarly: true },
      )
      .catch((error: unknown) => {
        this.#giveBack(sent)
        throw error
      })
    await this.#send(left)
    return value
  }

  async receive(countMax: number, handle: Parameters<Link['receive']>[1]): Promise<number> {
    const { subscription } = this.#parts
    const delivery = (await subscription?.take(countMax)) ?? null
    if (delivery === null) return 0
    try {
      await this.transaction(async (tx) => ({
        value: undefined,
        messages: await handle(tx, delivery.messages),
      }))
    } catch (error) {
      await delivery.release()
      throw error
    }
    await delivery.done()
    return delivery.messages.length
  }

  async put(tx: Queryable, messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return
    this.#parts.transport.check?.(messages)
    await this.#outbox.insert(tx, { id: this.#parts.ids.next(), messages, claimAfterMs: 0 })
  }

  async relay(): Promise<number> {
    const { database, transport, service } = this.#parts
    await this.#removeSent()
    const rows = await this.#outbox.claim(database, {
      countMax: SWEEP_COUNT_MAX,
      claimAfterMs: LEFT_BEHIND_MS,
    })
    if (rows.length === 0) return 0
    for (const some of batched(rows, lengthOf)) {
      await transport.send(some.flatMap((row) => row.messages))
      await this.#outbox.remove(
        database,
        some.map((row) => row.id),
      )
    }
    tell('relay', { service, count: rows.length })
    return rows.length
  }

  onNews(news: Parameters<Link['onNews']>[0]): void {
    this.#parts.subscription?.onNews(news)
  }

  async close(): Promise<void> {
    await this.#parts.subscription?.close()
    // Else somebody sends them once more.
    await this.#removeSent().catch(() => undefined)
  }

  get #outbox(): OutboxStore {
    return this.#parts.database.stores.outbox
  }

  #keep(tx: Transaction, said: readonly Message[]): Left | null {
    const messages = said.filter(goesOut)
    if (messages.length === 0) return null
    this.#parts.transport.check?.(messages)
    const left = { id: this.#parts.ids.next(), messages }
    tx.defer(this.#outbox.insert(tx, { ...left, claimAfterMs: LEFT_BEHIND_MS }))
    return left
  }

  /** The commit stands whatever happens here: what cannot be sent now is left to the sweeper. */
  async #send(left: Left | null): Promise<void> {
    if (left === null) return
    const { transport, service } = this.#parts
    try {
      await transport.send(left.messages)
      this.#sent = [...this.#sent, left.id]
    } catch (error) {
      tell('error', { service, detail: 'relay', error })
    }
  }

  /** What fails leaves them to the next. */
  async #removeSent(): Promise<void> {
    const sent = this.#takeSent()
    if (sent.length === 0) return
    try {
      await this.#outbox.remove(this.#parts.database, sent)
    } catch (error) {
      this.#giveBack(sent)
      throw error
    }
  }

  #takeSent(): readonly string[] {
    const sent = this.#sent
    this.#sent = []
    return sent
  }

  #giveBack(sent: readonly string[]): void {
    this.#sent = [...this.#sent, ...sent]
  }
}
