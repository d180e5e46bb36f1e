// Owns: the reads of a service's own tables for its API: one row by its key, one page with the count of all.
// Does not own the statements: the service writes them.
// I1: a page and its count are two statements that are asked together: a row that comes between them is in one of both.
import type { Queryable } from '@ensemble/runtime'
import type { Statement } from './database/statement.ts'

export interface Page {
  readonly limit: number
  /** Rows to skip. */
  readonly offset: number
}

export interface Paged<Item> {
  /** Of all rows that match, not only those of the page. */
  readonly total: number
  readonly results: readonly Item[]
}

export interface Reads<Item> {
  get(key: string): Promise<Item | undefined>
  list(page: Page): Promise<Paged<Item>>
}

export interface PageReads<Item> {
  /** Takes the filter's values, then limit and offset; ordered. */
  readonly list: Statement
  /** Takes the filter's values; answers one row with `total`. */
  readonly count: Statement
  readonly decode: (row: Readonly<Record<string, unknown>>) => Item
}

export interface TableReads<Item> extends PageReads<Item> {
  /** Takes the key ($1). */
  readonly get: Statement
}

/** As fresh as `read` is. */
export function tableReads<Item>(read: Queryable, table: TableReads<Item>): Reads<Item> {
  return {
    get: async (key) => (await read.query(table.get, [key])).rows.map(table.decode)[0],
    list: (page) => readPage(read, table, page),
  }
}

export async function readPage<Item>(
  read: Queryable,
  { list, count, decode }: PageReads<Item>,
  { limit, offset }: Page,
  filter: readonly unknown[] = [],
): Promise<Paged<Item>> {
  const [found, counted] = await Promise.all([
    read.query(list, [...filter, limit, offset]),
    read.query(count, filter),
  ])
  return { total: Number(counted.rows[0]?.['total']), results: found.rows.map(decode) }
}
