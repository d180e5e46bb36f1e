// Owns: making what two systems have left comparable: known ids get names, other ids and times become words. Pure.
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g

/** In the id of a timer's operation. */
const DUE = /~\d{13}\b/g
/** Of numbers, only epoch milliseconds are as large: amounts have twelve digits. */
const TIME_MIN = 1_000_000_000_000

/** Names of ids by id. */
export type Names = ReadonlyMap<string, string>

export function normal(value: unknown, names: Names): unknown {
  if (typeof value === 'string') {
    const named = value.replaceAll(UUID, (id) => names.get(id) ?? 'an id')
    return named.replaceAll(TIME, 'a time').replaceAll(DUE, '~a time')
  }
  if (value instanceof Date || (typeof value === 'number' && value >= TIME_MIN)) return 'a time'
  if (Array.isArray(value)) return value.map((item) => normal(item, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normal(item, names)]))
}

/** Rows in an order that their content alone decides. */
export function normalRows(rows: readonly unknown[], names: Names): readonly unknown[] {
  return rows
    .map((row) => normal(row, names))
    .map((row) => ({ row, text: JSON.stringify(row) }))
    .sort((left, right) => (left.text < right.text ? -1 : 1))
    .map(({ row }) => row)
}
