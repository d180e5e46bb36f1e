// Owns: a value that fits a JSON schema, for people to start from: known names have telling values. Pure.
// I1: it is bounded: a schema that contains itself ends at DEPTH_MAX.

import { ORDER_TYPE, PAYMENT_MODEL, ROLE } from '@ensemble/service-contracts'
import { fieldsOf, itemsOf, type Fields } from '../json.ts'

const DEPTH_MAX = 8

const NAMED: Fields = {
  first_name: 'Maya',
  email: 'maya@example.test',
  handphone: '+6281247930699',
  address: 'Street 1',
  uuid_user: '{{ _.user }}',
  uuid_order: '{{ _.order }}',
  order_number: 'ORD-1',
  payment_order: '100000',
  payment_total: 100_000,
  id_order_type: ORDER_TYPE.SKU,
  id_payment_model: PAYMENT_MODEL.Transfer,
  id_roles: ROLE.customer,
  username: 'maya',
  password: 'correct horse',
}

const FORMATS: Fields = {
  uuid: '00000000-0000-4000-8000-000000000000',
  email: 'maya@example.test',
  'date-time': '2024-03-01T09:30:00.000Z',
  uri: 'https://shop.example/',
}

/** Optional ones are left out, but for those that tell what a call is about. */
const WANTED = new Set(['payment_order', 'uuid_user'])

export function sampleOf(schema: unknown, document: Fields, name = '', depth = 0): unknown {
  const fields = resolved(fieldsOf(schema), document)
  if (name in NAMED) return NAMED[name]
  const [first] = [fields['examples'], fields['enum']].flatMap(itemsOf)
  if (first !== undefined) return first
  if ('const' in fields) return fields['const']
  if (depth >= DEPTH_MAX) return null
  const [choice] = [fields['oneOf'], fields['anyOf'], fields['allOf']].flatMap(itemsOf)
  if (choice !== undefined) return sampleOf(choice, document, name, depth + 1)
  switch (fields['type']) {
    case 'object':
      return objectOf(fields, document, depth)
    case 'array':
      return [sampleOf(fields['items'], document, '', depth + 1)]
    case 'integer':
    case 'number':
      return Math.max(1, Number(fields['minimum'] ?? 1))
    case 'boolean':
      return true
    case 'string':
      return FORMATS[String(fields['format'])] ?? 'text'.padEnd(Number(fields['minLength'] ?? 0), '-')
    default:
      return {}
  }
}

function objectOf(fields: Fields, document: Fields, depth: number): Fields {
  const required = itemsOf(fields['required']).map(String)
  const entries = Object.entries(fieldsOf(fields['properties'])).filter(
    ([name]) => required.includes(name) || WANTED.has(name),
  )
  return Object.fromEntries(
    entries.map(([name, schema]) => [name, sampleOf(schema, document, name, depth + 1)]),
  )
}

function resolved(fields: Fields, document: Fields): Fields {
  const ref = fields['$ref']
  if (typeof ref !== 'string') return fields
  const at = ref.split('/').slice(1)
  return fieldsOf(at.reduce<unknown>((value, name) => fieldsOf(value)[name], document))
}
