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

/** A page of all rows, or of those that belong to somebody. */
export interface OwnedPage extends Page {
  readonly owner?: string | undefined
}

export interface Paged<Item> {
  /** Of all rows that match, not only those of the page. */
  readonly total: number
  readonly results: readonly Item[]
}

export interface Reads<Item> {
  get(key: string): Promise<Item | undefined>
  list(page: OwnedPage): Promise<Paged<Item>>
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
  /** Of the rows of an owner, who is the filter ($1); without it nobody asks for those. */
  readonly owned?: Pick<PageReads<Item>, 'list' | 'count'>
}

/** As fresh as `read` is. */
export function tableReads<Item>(read: Queryable, table: TableReads<Item>): Reads<Item> {
  return {
    get: async (key) => (await read.query(table.get, [key])).rows.map(table.decode)[0],
    list: ({ owner, ...page }) =>
      owner === undefined
        ? readPage(read, table, page)
        : readPage(read, { ...table, ...ownedOf(table) }, page, [owner]),
  }
}

function ownedOf<Item>({ owned }: TableReads<Item>): NonNullable<TableReads<Item>['owned']> {
  if (owned === undefined) throw new RangeError('the rows of this table belong to nobody')
  return owned
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
