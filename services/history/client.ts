// Owns: history for those who write to it: its HTTP API with types, and the messages that its topic takes.
// I1: every call is answered in time or fails, and no answer is taken for another one: what is not as the contract says
// is an error. Only a document that is not there is no failure.
// I2: a save with a key may be repeated; the same key with the same content is one entry.
import { historyDocumentSchema, listSchema, type HistoryDocument, type ListEnvelope } from '@ensemble/http'
import { TOPIC, type EventMessage, type Time } from '@ensemble/core'
import { LOGGER, LOGGER_DELETE, LOGGER_SAVE } from '@ensemble/service-contracts'
import * as z from 'zod'
import type { Action, EntryData } from './documents.ts'

type Status = HistoryDocument['status']

export interface HistoryFilter {
  readonly action?: Action
  readonly status?: Status
  /** RFC 3339; the document began then or later. */
  readonly from?: string
  readonly until?: string
  /** `<plan>/<id>` */
  readonly saga?: string
  /** All of these words are in what it says. */
  readonly text?: string
  readonly limit?: number
  readonly page?: number
}

export interface HistoryClient {
  /** Appends to a document of its own action and answers the document. */
  save(
    entry: { readonly uuid: string; readonly status: Status; readonly data: EntryData },
    key?: string,
  ): Promise<HistoryDocument>
  /** undefined when there is none. */
  get(uuid: string): Promise<HistoryDocument | undefined>
  /** A document of another action. */
  find(uuid: string, action: Action): Promise<HistoryDocument | undefined>
  /** A page of the documents of its own action, newest first. */
  all(page?: Pick<HistoryFilter, 'limit' | 'page'>): Promise<readonly HistoryDocument[]>
  list(filter: HistoryFilter): Promise<ListEnvelope<HistoryDocument>>
}

export class HistoryError extends Error {
  override readonly name = 'HistoryError'
  /** 0 when there was no answer. */
  readonly status: number
  /** The problem's code, when history said one. */
  readonly code: string

  constructor({ status, code }: { readonly status: number; readonly code: string }, cause?: unknown) {
    super(`history answers ${status === 0 ? 'nothing' : status}: ${code}`, { cause })
    this.status = status
    this.code = code
  }
}

interface ClientOptions {
  /** Where history listens, such as `http://127.0.0.1:8085`. */
  readonly url: string
  /** Whose documents it saves and reads. */
  readonly action: Action
  readonly timeoutMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

const TIMEOUT_MS_DEFAULT = 5_000
const NOT_FOUND = 404
const DocumentList = listSchema(historyDocumentSchema)
const Said = z.object({ code: z.string() })

/** Errors: HistoryError. */
export function historyClient(options: ClientOptions): HistoryClient {
  const { action: own } = options
  const found = async (uuid: string, action: Action): Promise<HistoryDocument | undefined> => {
    try {
      return await ask(options, historyDocumentSchema, { path: '/v1/logger/get', body: { uuid, action } })
    } catch (error) {
      if (error instanceof HistoryError && error.status === NOT_FOUND) return undefined
      throw error
    }
  }
  return {
    save: (entry, key) =>
      ask(options, historyDocumentSchema, {
        path: '/v1/logger',
        body: { ...entry, action: own },
        ...(key !== undefined && { headers: { 'idempotency-key': key } }),
      }),
    get: (uuid) => found(uuid, own),
    find: found,
    all: (page = {}) =>
      ask(options, z.array(historyDocumentSchema), {
        path: `/v1/logger/all${queryOf(page)}`,
        body: { action: own },
      }),
    list: (filter) => ask(options, DocumentList, { path: `/v1/logger${queryOf(filter)}` }),
  }
}

interface Asking {
  readonly path: string
  /** Posted; without one it is a GET. */
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

async function ask<T>(
  { url, timeoutMs = TIMEOUT_MS_DEFAULT, headers: common }: ClientOptions,
  schema: z.ZodType<T>,
  { path, body, headers }: Asking,
): Promise<T> {
  const { status, said } = await answerTo(new URL(path, url), {
    headers: { ...common, ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    signal: AbortSignal.timeout(timeoutMs),
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  })
  if (status !== 200)
    throw new HistoryError({ status, code: Said.safeParse(said).data?.code ?? 'unexplained' })
  const { success, data, error } = schema.safeParse(said)
  if (!success) throw new HistoryError({ status, code: 'not-as-agreed' }, error)
  return data
}

async function answerTo(url: URL, request: RequestInit): Promise<{ status: number; said: unknown }> {
  try {
    const answer = await fetch(url, request)
    const text = await answer.text()
    return { status: answer.status, said: jsonIn(text) }
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError'
    throw new HistoryError({ status: 0, code: isLate ? 'too-late' : 'unreachable' }, error)
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function queryOf(values: HistoryFilter): string {
  const given = Object.entries(values).map(([name, value]): [string, string] => [name, String(value)])
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}

interface Telling {
  /** The same id again is the same entry. */
  readonly id: string
  readonly at: Time
  readonly action: Action
  readonly uuid: string
}

/** What a service puts on the bus instead of calling: one entry of a document. */
export function saveMessage(
  { id, at, ...which }: Telling,
  said: { readonly status: Status; readonly data: EntryData },
): EventMessage {
  return messageOf(LOGGER_SAVE, { id, at, data: { ...which, ...said }, key: which.uuid })
}

/** Removes a document with all its entries; what is told of it later begins it anew. */
export function deleteMessage({ id, at, ...which }: Telling): EventMessage {
  return messageOf(LOGGER_DELETE, { id, at, data: which, key: which.uuid })
}

function messageOf(name: string, told: Pick<EventMessage, 'id' | 'at' | 'data' | 'key'>): EventMessage {
  const alone = { saga: null, operation: null, answer: null, slip: null, again: 0 } as const
  return { type: 'event', topic: TOPIC.events(LOGGER), name, source: LOGGER, ...alone, ...told }
}
