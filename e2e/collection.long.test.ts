// The collection that is made of the OpenAPI document, every call of it made: as somebody who imports it does.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Collection, CollectedRequest } from '../scripts/collection/collection.ts'
import { fieldsOf, type Fields } from '../scripts/json.ts'
import { startGuarded, type GuardedSystem } from './auth-support.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** What must be done, not only answered: an order's life. */
const DONE = [
  'POST /v1/user',
  'POST /v2/order',
  'PUT /v1/payment/{uuid}',
  'GET /v1/user/{uuid}',
  'GET /v2/user/get/{uuid}',
  'GET /v2/user/list',
  'GET /v2/order/get/{uuid}',
  'GET /v1/order/{uuid}',
  'GET /v2/payment/get/{uuid}',
  'GET /v1/payment/list',
  'GET /v1/saga/{plan}/{id}',
]

/** What an answer is needed for later. */
const LEARNED: Readonly<Record<string, string>> = { 'POST /v1/user': 'user', 'POST /v2/order': 'order' }

/** What OAuth itself says of errors is not repeated in the document. */
const OAUTH = ['200', '400', '401']

let system: GuardedSystem
let collection: Collection
let document: unknown

beforeAll(async () => {
  system = await startGuarded({ name: 'collection' })
  const folder = await mkdtemp(join(tmpdir(), 'ensemble-collection-'))
  const file = join(folder, 'ensemble.yaml')
  await promisify(execFile)(process.execPath, ['scripts/collection.ts', file, system.url], { cwd: ROOT })
  collection = parse(await readFile(file, 'utf8')) as Collection
  await rm(folder, { recursive: true })
  document = await (await fetch(`${system.url}/openapi.json`)).json()
})
afterAll(() => system.end())

const requests = (): readonly CollectedRequest[] => collection.collection.flatMap(({ children }) => children)

function documented(): readonly string[] {
  return Object.entries(fieldsOf(fieldsOf(document)['paths'])).flatMap(([path, item]) =>
    Object.keys(fieldsOf(item)).map((method) => `${method.toUpperCase()} ${path}`),
  )
}

function statusesOf(name: string): readonly string[] {
  const [method = '', path = ''] = name.split(' ')
  const item = fieldsOf(fieldsOf(fieldsOf(document)['paths'])[path])
  const documented = Object.keys(fieldsOf(fieldsOf(item[method.toLowerCase()])['responses']))
  return path.startsWith('/oauth/') ? [...documented, ...OAUTH] : documented
}

test('has every documented call once, in folders', () => {
  const names = requests().map(({ name }) => name)
  expect(collection.type).toBe('collection.insomnia.rest/5.0')
  expect(names.toSorted()).toEqual(documented().toSorted())
  expect(new Set(requests().map(({ meta }) => meta.id)).size).toBe(names.length)
})

test('made call by call, each is answered as documented, and an order is placed and paid', async () => {
  const given: Fields = { ...collection.environments.data, token: system.adminToken }
  const environment = new Map(Object.entries(given).map(([name, value]) => [name, String(value)]))
  const filled = (text: string): string =>
    text.replaceAll(/\{\{ _\.(\w+) \}\}/g, (_, name: string) => environment.get(name) ?? '')
  const surprises: string[] = []
  const undone = new Set(DONE)
  for (const { name, method, url, headers, body, authentication } of requests().toSorted(byRank)) {
    const answer = await fetch(filled(url), {
      method,
      headers: {
        ...Object.fromEntries(headers.map((header) => [header.name, header.value])),
        prefer: 'wait=10',
        ...(authentication['type'] === 'bearer' && {
          authorization: `Bearer ${filled(String(authentication['token']))}`,
        }),
      },
      ...(body !== undefined && { body: filled(body.text) }),
    })
    const text = await answer.text()
    if (answer.ok) undone.delete(name)
    if (!statusesOf(name).includes(String(answer.status))) surprises.push(`${name}: ${answer.status} ${text}`)
    const learned = LEARNED[name]
    if (learned !== undefined) environment.set(learned, String(fieldsOf(JSON.parse(text))['uuid']))
  }
  expect(surprises).toEqual([])
  expect([...undone]).toEqual([])
})

/** First an order's life, then the rest, what takes something away last. */
function byRank(left: CollectedRequest, right: CollectedRequest): number {
  return rankOf(left) - rankOf(right)
}

function rankOf({ name, method }: CollectedRequest): number {
  if (method === 'DELETE') return DONE.length + 1
  return DONE.includes(name) ? DONE.indexOf(name) : DONE.length
}
