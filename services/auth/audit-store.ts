// Owns: what happened, for whom wants to know who did what; kept for ninety days.
// I1: names and ids only: no secret, no token, and nothing that somebody typed, which may be a password in the wrong
// place.
import { readPage, sqlFolder, type Page, type Paged } from '@ensemble/postgres'
import type { Clock, Ids, Queryable } from '@ensemble/runtime'
import { momentOf } from '@ensemble/service-contracts'
import * as z from 'zod'

const KINDS = [
  'client.added',
  'client.removed',
  'token.issued',
  'token.refused',
  'token.revoked',
  'login.succeeded',
  'login.refused',
  'login.refreshed',
  'login.ended',
  'key.rotated',
] as const

export const AuditRow = z.object({
  uuid: z.uuid(),
  happened_at: z.iso.datetime(),
  kind: z.string(),
  client_key: z.string().nullable(),
  uuid_user: z.string().nullable(),
  about: z.string().describe('A code or the name of what it happened to'),
})
export type AuditRow = z.infer<typeof AuditRow>

export interface AuditNote {
  readonly kind: (typeof KINDS)[number]
  readonly clientKey: string | null
  readonly userId?: string | null
  readonly about?: string
}

export interface Audit {
  note(note: AuditNote): Promise<void>
  list(page: Page): Promise<Paged<AuditRow>>
}

const sql = sqlFolder(new URL('./sql/', import.meta.url))
const APPEND = sql('audit-append')
const PRUNE = sql('audit-prune')
const PAGES = { list: sql('audit-list'), count: sql('audit-count'), decode: rowOf }

const KEPT_MS = 90 * 86_400_000
const PRUNE_EVERY_COUNT = 500

export interface AuditParts {
  readonly database: Queryable
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Pick<Ids, 'next'>
}

export function auditOf({ database, clock, ids }: AuditParts): Audit {
  let written = 0
  return {
    note: async ({ kind, clientKey, userId = null, about = '' }) => {
      const now = clock.now()
      await database.query(APPEND, [ids.next(), momentOf(now), kind, clientKey, userId, about])
      written += 1
      if (written % PRUNE_EVERY_COUNT === 0) await database.query(PRUNE, [momentOf(now - KEPT_MS)])
    },
    list: (page) => readPage(database, PAGES, page),
  }
}

function rowOf(row: Readonly<Record<string, unknown>>): AuditRow {
  return {
    uuid: String(row['uuid']),
    happened_at: momentOf(Number(row['happened_at'])),
    kind: String(row['kind']),
    client_key: textOrNull(row['client_key']),
    uuid_user: textOrNull(row['uuid_user']),
    about: String(row['about']),
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
