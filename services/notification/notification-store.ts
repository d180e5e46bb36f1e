// Owns: the receivers' and messages' tables in SQL, the reads of the API and the messages that callers bring.
// Does not own what is sent to whom (receiver.ts).
import { sqlFolder, tableReads, tableRows, type Page, type Reads } from '@ensemble/postgres'
import type { Time } from '@ensemble/core'
import type { Database, Entries, Queryable, Rows, Transaction } from '@ensemble/runtime'
import { momentOf } from '@ensemble/service-contracts'
import { CHANNELS, type Channel } from './address.ts'
import { MESSAGE_STATUSES, type Attempt, type Details, type Message } from './message.ts'
import { ready, type MessageEntry, type Receiver } from './receiver.ts'

type Columns = Readonly<Record<string, unknown>>

const sql = sqlFolder(new URL('./sql/', import.meta.url))

const MESSAGES_APPEND = sql('messages-append')
const MESSAGES_ADDRESS = sql('messages-address')
const MESSAGE_ACCEPT = sql('message-accept')
const MESSAGE_GET = sql('message-get')
const MESSAGE_HISTORY = sql('message-history')
const MESSAGE_LOCK = sql('message-lock')
const MESSAGE_CHANGE = sql('message-change')
const MESSAGES_QUEUED = sql('messages-queued')
const MESSAGES_LEAVE_QUEUE = sql('messages-leave-queue')
const MESSAGE_READS = {
  get: MESSAGE_GET,
  list: sql('message-list'),
  count: sql('message-count'),
  decode: messageOf,
}

export const receiverRows: Rows<Receiver> = tableRows<Receiver>({
  name: 'tb_receiver',
  load: sql('receivers-load'),
  insert: sql('receivers-insert'),
  update: sql('receivers-update'),
  decode: receiverOfRow,
  key: ({ userId }) => userId,
  encode: receiverColumns,
})

/** New messages are inserted first: one that came and got its address in one batch is both. */
export const messageEntries: Entries<MessageEntry> = {
  name: 'tb_notification',
  append: async (tx, entries) => {
    const rows = (type: MessageEntry['type']): readonly Columns[] =>
      entries.filter((entry) => entry.type === type).map(({ message }) => messageColumns(message))
    const [fresh, later] = [rows('new'), rows('addressed')]
    await Promise.all([
      fresh.length === 0 ? undefined : tx.query(MESSAGES_APPEND, [JSON.stringify(fresh)]),
      later.length === 0 ? undefined : tx.query(MESSAGES_ADDRESS, [JSON.stringify(later)]),
    ])
  },
}

export type MessageDraft = Omit<Message, 'status' | 'round' | 'attempts' | 'createdAt' | 'updatedAt'>

/** What is to be stored of a message, and what its caller wants to know of that. */
type Changing<Value> = (message: Message, now: Time) => { readonly message: Message; readonly value: Value }

/** Its list is newest first. */
export interface Outbox extends Reads<Message> {
  /** Takes a caller's message over. The same id again answers what is stored, which may be of another content. */
  accept(draft: MessageDraft): Promise<Message>
  /** Newest first. */
  history(of: { readonly address: string } & Page): Promise<readonly Message[]>
  /** Decides about a message while nobody else can. Undefined when there is none of this id. */
  change<Value>(id: string, decide: Changing<Value>): Promise<Value | undefined>
  /** Messages whose delivery is to be started, oldest first. */
  queued(countMax: number): Promise<readonly Pick<Message, 'id' | 'round'>[]>
  /** Their deliveries were started. */
  leaveQueue(ids: readonly string[]): Promise<void>
}

export interface OutboxOptions {
  readonly database: Database
  readonly read: Queryable
  /** Channels that bring messages to people. */
  readonly sends: ReadonlySet<Channel>
}

export function outbox({ database, read, sends }: OutboxOptions): Outbox {
  return {
    ...tableReads(read, MESSAGE_READS),
    accept: (draft) => database.transaction((tx) => accept(tx, draft, sends)),
    change: (id, decide) => database.transaction((tx) => change(tx, id, decide)),
    queued: async (countMax) => {
      const { rows } = await database.query(MESSAGES_QUEUED, [countMax])
      return rows.map((row) => ({ id: String(row['id']), round: Number(row['round']) }))
    },
    leaveQueue: async (ids) => void (await database.query(MESSAGES_LEAVE_QUEUE, [ids])),
    history: async ({ address, limit, offset }) => {
      const { rows } = await read.query(MESSAGE_HISTORY, [address, limit, offset])
      return rows.map(messageOf)
    },
  }
}

async function accept(tx: Transaction, draft: MessageDraft, sends: ReadonlySet<Channel>): Promise<Message> {
  const { now } = tx
  const fresh: Message = {
    ...draft,
    status: 'WAITING',
    round: 0,
    attempts: [],
    createdAt: now,
    updatedAt: now,
  }
  const message = ready(fresh, now, { sends })
  tx.defer(tx.query(MESSAGE_ACCEPT, [JSON.stringify([messageColumns(message)])]))
  const [stored] = (await tx.query(MESSAGE_GET, [message.id])).rows
  if (stored === undefined) throw new Error(`the message ${message.id} was not stored`)
  return messageOf(stored)
}

async function change<Value>(
  tx: Transaction,
  id: string,
  decide: Changing<Value>,
): Promise<Value | undefined> {
  const [row] = (await tx.query(MESSAGE_LOCK, [id])).rows
  if (row === undefined) return undefined
  const before = messageOf(row)
  const { message, value } = decide(before, tx.now)
  if (message !== before) {
    const { status, round, attempts, updatedAt } = message
    const changed = [id, status, round, JSON.stringify(attempts), momentOf(updatedAt)]
    tx.defer(tx.query(MESSAGE_CHANGE, changed))
  }
  return value
}

function messageColumns(message: Message): Columns {
  return {
    id: message.id,
    channel: message.channel,
    template: message.template,
    uuid_user: message.userId,
    receiver_address: message.address,
    subject: message.subject,
    body: message.text,
    details: message.details,
    status: message.status,
    round: message.round,
    attempts: message.attempts,
    fingerprint: message.fingerprint,
    created_at: momentOf(message.createdAt),
    updated_at: momentOf(message.updatedAt),
  }
}

/** `attempts` and `details` are what `messageColumns` gave. */
function messageOf(row: Columns): Message {
  return {
    id: String(row['id']),
    channel: CHANNELS.find((channel) => channel === row['channel']) ?? 'email',
    template: textOrNull(row['template']),
    userId: textOrNull(row['uuid_user']),
    address: textOrNull(row['receiver_address']),
    subject: String(row['subject']),
    text: String(row['body']),
    details: row['details'] as Details,
    status: MESSAGE_STATUSES.find((status) => status === row['status']) ?? 'UNDELIVERABLE',
    round: Number(row['round']),
    attempts: row['attempts'] as readonly Attempt[],
    fingerprint: String(row['fingerprint']),
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
  }
}

function receiverColumns({ userId, contact, knownAt, waiting, version }: Receiver): Columns {
  return {
    uuid_user: userId,
    first_name: contact?.first_name ?? null,
    email: contact?.email ?? null,
    handphone: contact?.handphone ?? null,
    known_at: momentOf(knownAt),
    waiting,
    version,
  }
}

/** `waiting` is what `receiverColumns` gave. */
function receiverOfRow(row: Columns): Receiver {
  return {
    userId: String(row['uuid_user']),
    contact: contactOf(row),
    knownAt: Number(row['known_at']),
    waiting: row['waiting'] as Receiver['waiting'],
    version: Number(row['version']),
  }
}

/** The table has all three or none. */
function contactOf(row: Columns): Receiver['contact'] {
  const firstName = textOrNull(row['first_name'])
  if (firstName === null) return null
  return { first_name: firstName, email: String(row['email']), handphone: String(row['handphone']) }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
