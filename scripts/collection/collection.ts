// Owns: an Insomnia v5 collection made of an OpenAPI document: a folder for each tag, a request for each call. Pure.
// I1: the same document gives the same collection: ids follow from what they name.
// I2: what differs from caller to caller is a variable of the environment: address, token, ids of rows.
import { createHash } from 'node:crypto'
import { fieldsOf, itemsOf, type Fields } from '../json.ts'
import { sampleOf } from './sample.ts'

export interface CollectedRequest {
  readonly url: string
  readonly name: string
  readonly meta: { readonly id: string; readonly sortKey: number }
  readonly method: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly body?: { readonly mimeType: string; readonly text: string }
  readonly authentication: Fields
}

export interface Folder {
  readonly name: string
  readonly meta: { readonly id: string; readonly sortKey: number; readonly description: string }
  readonly children: readonly CollectedRequest[]
}

export interface Collection {
  readonly type: 'collection.insomnia.rest/5.0'
  readonly name: string
  readonly meta: { readonly id: string }
  readonly collection: readonly Folder[]
  readonly environments: { readonly name: string; readonly meta: Fields; readonly data: Fields }
}

/** Set what the calls of a folder answer here: the ids of a user and of an order. */
const VARIABLES = { token: '', user: '', order: '' }

/** As a newcomer meets them; what takes things away comes last. */
const METHODS = ['post', 'get', 'put', 'delete']

const JSON_TYPE = 'application/json'

export function collectionOf(document: Fields, url: string): Collection {
  const tags = itemsOf(document['tags']).map(fieldsOf)
  const folders = tags.map(({ name, description }, sortKey) => ({
    name: String(name),
    meta: { id: idOf('fld', String(name)), sortKey, description: String(description) },
    children: requestsOf(document, String(name)),
  }))
  return {
    type: 'collection.insomnia.rest/5.0',
    name: String(fieldsOf(document['info'])['title']),
    meta: { id: idOf('wrk', 'ensemble') },
    collection: folders.filter(({ children }) => children.length > 0),
    environments: {
      name: 'Base Environment',
      meta: { id: idOf('env', 'ensemble') },
      data: { base_url: url, ...VARIABLES },
    },
  }
}

function requestsOf(document: Fields, tag: string): readonly CollectedRequest[] {
  const calls = Object.entries(fieldsOf(document['paths'])).flatMap(([path, item]) =>
    Object.entries(fieldsOf(item)).map(([method, operation]) => ({
      path,
      method,
      operation: fieldsOf(operation),
    })),
  )
  return calls
    .filter(({ method, operation }) => METHODS.includes(method) && tagOf(operation) === tag)
    .toSorted((left, right) => METHODS.indexOf(left.method) - METHODS.indexOf(right.method))
    .map((call, sortKey) => requestOf(document, call, sortKey))
}

function requestOf(
  document: Fields,
  call: { readonly path: string; readonly method: string; readonly operation: Fields },
  sortKey: number,
): CollectedRequest {
  const { path, operation } = call
  const method = call.method.toUpperCase()
  const content = fieldsOf(fieldsOf(operation['requestBody'])['content'])
  const [mimeType] = JSON_TYPE in content ? [JSON_TYPE] : Object.keys(content)
  const schema = mimeType === undefined ? undefined : fieldsOf(content[mimeType])['schema']
  return {
    url: `{{ _.base_url }}${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => pathValue(path, name))}`,
    name: `${method} ${path}`,
    meta: { id: idOf('req', `${method} ${path}`), sortKey },
    method,
    headers: mimeType === undefined ? [] : [{ name: 'Content-Type', value: mimeType }],
    ...(mimeType !== undefined && { body: { mimeType, text: textOf(mimeType, sampleOf(schema, document)) } }),
    authentication: isGuarded(operation) ? { type: 'bearer', token: '{{ _.token }}' } : { type: 'none' },
  }
}

function textOf(mimeType: string, sample: unknown): string {
  if (mimeType === JSON_TYPE) return JSON.stringify(sample, null, 2)
  const pairs = Object.entries(fieldsOf(sample)).map(([name, value]): [string, string] => [
    name,
    String(value),
  ])
  return new URLSearchParams(pairs).toString()
}

/** An order's id is also its payment's and its saga's. */
function pathValue(path: string, name: string): string {
  if (name === 'plan') return 'order.place'
  if (path.includes('/user/')) return '{{ _.user }}'
  return '{{ _.order }}'
}

function tagOf(operation: Fields): string {
  return String(itemsOf(operation['tags'])[0])
}

function isGuarded(operation: Fields): boolean {
  return itemsOf(operation['security']).length > 0
}

function idOf(kind: 'wrk' | 'fld' | 'req' | 'env', name: string): string {
  return `${kind}_${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
}
