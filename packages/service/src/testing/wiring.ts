// Owns: looking at how a service is wired without a database: what its rules look up, which rows its migrations seed.
import { readFileSync } from 'node:fs'
import type { Implementation, Rows } from '@ensemble/runtime'

/** The key and the needs with which the rule of a request looks up what it decides from. */
export function lookedUp(
  { handlers }: Pick<Implementation, 'handlers'>,
  request: string,
  { input, state }: { readonly input: object; readonly state?: object | undefined },
): { readonly key: string; readonly needs: object } {
  const handler = handlers.get(request)
  if (handler?.form !== 'aggregate') throw new Error(`${request} is no aggregate`)
  return { key: handler.rule.key(input), needs: handler.rule.needs?.(input, state) ?? {} }
}

/** A table that is never asked. */
export function noRows<State>(name: string): Rows<State> {
  return { name, load: async () => new Map(), insert: async () => undefined, update: async () => undefined }
}

/** The ids of a migration's INSERT by name: rows begin with `(id, 'name'`. */
export function seededBy(migration: URL): Readonly<Record<string, string>> {
  const pairs = readFileSync(migration, 'utf8').matchAll(/\(\s*(\d+),\s*'([^']+)'/g)
  return Object.fromEntries([...pairs].map(([, id = '', word = '']) => [word, id]))
}
