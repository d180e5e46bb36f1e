// Owns: looking into parsed JSON whose shape nobody promised.

export type Fields = Readonly<Record<string, unknown>>

/** Its members; none of what is no object. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

/** Its items; none of what is no list. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
