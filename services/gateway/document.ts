// Owns: the OpenAPI document of the whole system: the gateway's own calls and those it hands over.
// I1: a service that is away leaves its part out; the rest stays readable.
import type { Peers } from '@ensemble/service'
import { isPassed, PASSED_SERVICES } from './passing.ts'

type Fields = Readonly<Record<string, unknown>>

/** In the order in which a newcomer needs them. */
export const TAGS = [
  { name: 'user', description: 'Registering users and reading them.' },
  { name: 'login', description: 'Usernames and passwords of users, and what they may do.' },
  { name: 'auth', description: 'Tokens: who may ask for them, getting them, ending them.' },
  { name: 'order', description: 'Placing orders, watching them and cancelling them.' },
  { name: 'payment', description: 'Paying orders.' },
  { name: 'saga', description: 'What each saga did, step by step, and where it stands.' },
  { name: 'notification', description: 'Messages to people, sent or to be sent.' },
  { name: 'history', description: 'Documents of what happened to a user, an order or a payment.' },
  { name: 'receiver', description: 'Where providers report what they delivered.' },
  { name: 'health', description: 'For who watches this process.' },
]

export async function mergedDocument(own: unknown, peers: Peers): Promise<unknown> {
  const others = await Promise.all(
    PASSED_SERVICES.map(async (service) => ({ service, document: await documentOf(service, peers) })),
  )
  const all = others.reduce(
    (merged, { service, document }) => merge(merged, service, document),
    fieldsOf(own),
  )
  return { ...all, tags: TAGS }
}

async function documentOf(service: string, peers: Peers): Promise<Fields> {
  try {
    const { status, body } = await peers.request(service, { method: 'GET', path: '/openapi.json' })
    return status === 200 ? fieldsOf(body) : {}
  } catch {
    return {}
  }
}

function merge(merged: Fields, service: string, document: Fields): Fields {
  const paths: Record<string, Fields> = {}
  for (const [path, item] of Object.entries(fieldsOf(document['paths']))) {
    const calls = Object.entries(fieldsOf(item)).filter(([method]) => isPassed(service, method, path))
    if (calls.length > 0) paths[path] = Object.fromEntries(calls)
  }
  const known = fieldsOf(merged['paths'])
  const together = Object.entries(paths).map(
    ([path, calls]) => [path, { ...calls, ...fieldsOf(known[path]) }] as const,
  )
  return {
    ...merged,
    paths: { ...known, ...Object.fromEntries(together) },
    components: componentsOf(fieldsOf(merged['components']), fieldsOf(document['components'])),
  }
}

/** Shared schemas have one name and one content in all services; the first one stays. */
function componentsOf(known: Fields, added: Fields): Fields {
  const kinds = new Set([...Object.keys(known), ...Object.keys(added)])
  return Object.fromEntries(
    [...kinds].map((kind) => [kind, { ...fieldsOf(added[kind]), ...fieldsOf(known[kind]) }]),
  )
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
