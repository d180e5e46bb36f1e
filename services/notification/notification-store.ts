// Owns: the receivers' and messages' tables in SQL, the reads of the API and the messages that callers bring.
// Does not own what is sent to whom (receiver.ts).
import { sqlFolder, tableReads, tableRows, type Page, type Reads } from '@ensemble/postgres'
import type { Database, Entries, Queryable, Rows, Transaction } from '@ensemble/runtime'
import { momentOf } from '@ensemble/service-contracts'
import { CHANNELS } from './address.ts'
import { delivered, type Attempt, type Message, type MessageEntry, type Receiver } from './receiver.ts'

type Columns = Readonly<Record<string, unknown>>

const sql = sqlFolder(new URL('./sql/', import.meta.url))

const MESSAGES_APPEND = sql('messages-append')
const MESSAGES_ADDRESS = sql('messages-address')
const MESSAGE_ACCEPT = sql('message-accept')
const MESSAGE_GET = sql('message-get')
const MESSAGE_HISTORY = sql('message-history')
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

export type MessageDraft = Omit<Message, 'status' | 'attempts' | 'createdAt' | 'updatedAt'>

/** Its list is newest first. */
export interface Outbox extends Reads<Message> {
  /** Takes a caller's message over. The same id again answers what is stored, which may be of another content. */
  accept(draft: MessageDraft): Promise<Message>
  /** Newest first. */
  history(of: { readonly address: string } & Page): Promise<readonly Message[]>
}

export function outbox({ database, read }: { database: Database; read: Queryable }): Outbox {
  return {
    ...tableReads(read, MESSAGE_READS),
    accept: (draft) => database.transaction((tx) => accept(tx, draft)),
    history: async ({ address, limit, offset }) => {
      const { rows } = await read.query(MESSAGE_HISTORY, [address, limit, offset])
      return rows.map(messageOf)
    },
  }
}

async function accept(tx: Transaction, draft: MessageDraft): Promise<Message> {
  const { now } = tx
  const message = delivered(
    { ...draft, status: 'WAITING', attempts: [], createdAt: now, updatedAt: now },
    now,
  )
  tx.defer(tx.query(MESSAGE_ACCEPT, [JSON.stringify([messageColumns(message)])]))
  const [stored] = (await tx.query(MESSAGE_GET, [message.id])).rows
  if (stored === undefined) throw new Error(`the message ${message.id} was not stored`)
  return messageOf(stored)
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
    status: message.status,
    attempts: message.attempts,
    fingerprint: message.fingerprint,
    created_at: momentOf(message.createdAt),
    updated_at: momentOf(message.updatedAt),
  }
}

/** `attempts` is what `messageColumns` gave. */
function messageOf(row: Columns): Message {
  return {
    id: String(row['id']),
    channel: CHANNELS.find((channel) => channel === row['channel']) ?? 'email',
    template: textOrNull(row['template']),
    userId: textOrNull(row['uuid_user']),
    address: textOrNull(row['receiver_address']),
    subject: String(row['subject']),
    text: String(row['body']),
    status: row['status'] === 'SENT' || row['status'] === 'WAITING' ? row['status'] : 'UNDELIVERABLE',
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
