/**
 * Owns the one plain connection for LISTEN and NOTIFY, opened when first used. Does not own delivery: notices are
 * hints.
 * I1: statements on this connection go one after another.
 * I2: a lost connection is opened again for as long as somebody listens; what was said meanwhile is gone.
 */
import { Client } from 'pg'
import type { ClientConfig, Notification } from 'pg'
import type { Clock } from './clock.ts'
import { DatabaseError, toDatabaseError } from './errors.ts'
import { quoteName } from './settings.ts'

type Listener = (payload: string) => void

export interface Notices {
  listen(channel: string, onNotify: Listener): Promise<() => Promise<void>>
  notify(channel: string, payload: string): Promise<void>
  close(): Promise<void>
}

const RECONNECT_DELAY_MS_MIN = 100
const RECONNECT_DELAY_MS_MAX = 5_000

// One round trip for all that gathered while the last one was under way.
const NOTIFY =
  // Only where canListen: openDatabase opens this connection nowhere else.
  'select pg_notify(n.channel, n.payload) from unnest($1::text[], $2::text[]) as n(channel, payload)'

export function openNotices(config: ClientConfig, clock: Clock): Notices {
  return new NoticeConnection(config, clock)
}

class NoticeConnection implements Notices {
  readonly #config: ClientConfig
  readonly #clock: Clock
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #closing = new AbortController()
  #client: Promise<Client> | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #unsent = new Map<string, Set<string>>()
  #flush: Promise<void> | undefined

  constructor(config: ClientConfig, clock: Clock) {
    this.#config = config
    this.#clock = clock
  }

  async listen(channel: string, onNotify: Listener): Promise<() => Promise<void>> {
    const known = this.#listeners.get(channel)
    const listeners = known ?? new Set<Listener>()
    // Set before connecting, so that a connection made right now listens too.
    listeners.add(onNotify)
    this.#listeners.set(channel, listeners)
    try {
      // Only where canListen: see NOTIFY.
      await this.#run(`listen ${quoteName(channel)}`)
    } catch (error) {
      await this.#unlisten(channel, onNotify)
      throw error
    }
    return () => this.#unlisten(channel, onNotify)
  }

  notify(channel: string, payload: string): Promise<void> {
    const payloads = this.#unsent.get(channel) ?? new Set<string>()
    this.#unsent.set(channel, payloads.add(payload))
    this.#flush ??= this.#enqueue(async () => {
      const batch = [...this.#unsent].flatMap(([name, all]) => [...all].map((text) => [name, text] as const))
      this.#unsent = new Map()
      this.#flush = undefined
      const client = await this.#connected()
      await client.query(NOTIFY, [batch.map(([name]) => name), batch.map(([, text]) => text)])
    })
    return this.#flush
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#listeners.clear()
    await this.#queue
    const client = await this.#client?.catch(() => undefined)
    await client?.end()
  }

  async #unlisten(channel: string, onNotify: Listener): Promise<void> {
    const listeners = this.#listeners.get(channel)
    listeners?.delete(onNotify)
    if (listeners === undefined || listeners.size > 0) return
    this.#listeners.delete(channel)
    if (this.#closing.signal.aborted || this.#client === undefined) return
    // A lost connection listens to nothing any more, which is what was wanted. Only where canListen: see NOTIFY.
    await this.#run(`unlisten ${quoteName(channel)}`).catch(() => undefined)
  }

  #run(text: string): Promise<void> {
    return this.#enqueue(async () => {
      const client = await this.#connected()
      await client.query(text)
    })
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(task).catch((error: unknown) => {
      throw toDatabaseError(error)
    })
    done.catch(() => undefined)
    this.#queue = done.catch(() => undefined)
    return done
  }

  #connected(): Promise<Client> {
    if (this.#closing.signal.aborted)
      return Promise.reject(new DatabaseError('ENDED', 'the database is closed'))
    if (this.#client === undefined) {
      const opening = this.#open()
      this.#client = opening
      opening.catch(() => {
        if (this.#client === opening) this.#client = undefined
      })
    }
    return this.#client
  }

  async #open(): Promise<Client> {
    const client = new Client(this.#config)
    // The end event tells the same; unheard, an error would end the process.
    client.on('error', () => undefined)
    client.on('notification', (notice) => this.#hear(notice))
    await client.connect()
    client.on('end', () => this.#lost())
    // Only where canListen: see NOTIFY.
    for (const channel of this.#listeners.keys()) await client.query(`listen ${quoteName(channel)}`)
    return client
  }

  #hear({ channel, payload }: Notification): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(payload ?? '')
  }

  #lost(): void {
    this.#client = undefined
    if (!this.#closing.signal.aborted && this.#listeners.size > 0) void this.#reconnect()
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#closing
    for (
      let delayMs = RECONNECT_DELAY_MS_MIN;
      !signal.aborted;
      delayMs = Math.min(delayMs * 2, RECONNECT_DELAY_MS_MAX)
    ) {
      await this.#clock.sleep(delayMs * (0.5 + this.#clock.chance()), signal)
      if (signal.aborted || this.#listeners.size === 0) return
      const isBack = await this.#enqueue(async () => void (await this.#connected())).then(
        () => true,
        () => false,
      )
      if (isBack) return
    }
  }
}
