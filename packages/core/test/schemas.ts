// Owns: the smallest validators that satisfy Standard Schema, for tests of a package that imports nothing.
import type { Schema, SchemaIssue } from '../src/contract/schema.ts'

interface Field<T> {
  readonly expected: string
  readonly is: (value: unknown) => boolean
  readonly type?: T
}

export const text: Field<string> = { expected: 'string', is: (value) => typeof value === 'string' }
export const count: Field<number> = { expected: 'number', is: (value) => typeof value === 'number' }

type Shape<Fields> = { readonly [Name in keyof Fields]: Fields[Name] extends Field<infer T> ? T : never }

export function object<const Fields extends Readonly<Record<string, Field<unknown>>>>(
  fields: Fields,
): Schema<Shape<Fields>> {
  return schema((value) => {
    if (typeof value !== 'object' || value === null) return [{ message: 'expected object' }]
    const found = new Map<string, unknown>(Object.entries(value))
    return Object.entries(fields).flatMap(([name, field]) =>
      field.is(found.get(name)) ? [] : [{ message: `expected ${field.expected}`, path: [name] }],
    )
  })
}

export function schema<T>(issuesOf: (value: unknown) => readonly SchemaIssue[]): Schema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const issues = issuesOf(value)
        return issues.length === 0 ? { value: value as T } : { issues }
      },
    },
  }
}
