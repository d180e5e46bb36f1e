// Owns: the verb relay: a Bus made of a transport in another place than the service's database, by an outbox
// in that database.
// I1: messages are a row of the outbox in the transaction that decided them; they are sent after COMMIT, and the
// row is deleted with the next transaction, or by the next sweep: to delete it alone would cost a COMMIT of its own.
// I2: what a crashed sender left behind is claimed by any instance and sent; sent twice is harmless.
// I3: what the transport can never carry is refused before COMMIT: sent later, it would fail for ever.
// I4: the bus position moves only after the database has committed. Nobody waits until it has: where it has not, what
// was handled comes again, which is harmless.
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
  /** Of a delivery that could not be finished: told by the next receive, so that its loop waits a while. */
  #refused: { readonly error: unknown } | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async transaction<T>(
    work: (tx: Transaction) => Promise<{ readonly value: T; readonly messages: readonly Message[] }>,
  ): Promise<T> {
    const { database } = this.#parts
    let left: Left | null = null
    const value = await this.#removingSent((sent) =>
      database.transaction(async (tx) => {
        const done = await work(tx)
        left = this.#keep(tx, done.messages)
        if (sent.length > 0) tx.defer(this.#outbox.remove(tx, sent))
        return done.value
      }),
    )
    await this.#send(left)
    return value
  }

  async receive(countMax: number, handle: Parameters<Link['receive']>[1]): Promise<number> {
    const { subscription } = this.#parts
    this.#throwRefused()
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
    delivery.done().catch((error: unknown) => {
      this.#refused = { error }
    })
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

  onNews(news: () => void): void {
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

  #throwRefused(): void {
    const refused = this.#refused
    this.#refused = null
    if (refused !== null) throw refused.error
  }

  async #removeSent(): Promise<void> {
    if (this.#sent.length === 0) return
    await this.#removingSent((sent) => this.#outbox.remove(this.#parts.database, sent))
  }

  /** What fails leaves them to the next. */
  async #removingSent<T>(remove: (sent: readonly string[]) => Promise<T>): Promise<T> {
    const sent = this.#sent
    this.#sent = []
    try {
      return await remove(sent)
    } catch (error) {
      this.#sent = [...this.#sent, ...sent]
      throw error
    }
  }
}
