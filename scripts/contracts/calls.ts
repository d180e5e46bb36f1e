// Owns: whether HTTP calls that were released still work: two OpenAPI documents compared, call by call. Pure.
// Does not own: how two schemas are compared (compatible.ts).
// I1: a caller of before may send what he sent, and is told what he was told; more may be taken and told.
// I2: of answers those that say yes are compared: refusals have one shape, and a new one breaks nobody who reads codes.
import { fieldsOf, itemsOf, type Fields } from '../json.ts'
import { compared, type Place } from './compatible.ts'

const METHODS = ['get', 'post', 'put', 'delete']
const REF = '#/components/schemas/'
/** A schema that names itself is compared as deep as bodies may nest. */
const REFS_MAX = 12

/** What is compared of a document: calls with what they take and tell, by `GET /v1/x`, each name written out. */
export function callsOf(document: Fields): Fields {
  const calls: Record<string, Fields> = {}
  for (const [path, item] of Object.entries(fieldsOf(document['paths']))) {
    for (const method of METHODS) {
      const call = fieldsOf(item)[method]
      if (call !== undefined) calls[`${method.toUpperCase()} ${path}`] = callOf(fieldsOf(call), document)
    }
  }
  return calls
}

function callOf(call: Fields, document: Fields): Fields {
  const parameters = itemsOf(call['parameters']).map(fieldsOf)
  const asked = parameters.map((one) => [
    `${String(one['in'])} ${String(one['name'])}`,
    { required: one['required'] === true, schema: written(one['schema'], document) },
  ])
  const answers = Object.entries(fieldsOf(call['responses']))
    .filter(([status]) => status.startsWith('2'))
    .map(([status, answer]) => [status, written(schemaIn(answer), document)])
  const body = schemaIn(call['requestBody'])
  return {
    parameters: Object.fromEntries(asked),
    ...(body !== undefined && { body: written(body, document) }),
    answers: Object.fromEntries(answers),
  }
}

function schemaIn(holder: unknown): unknown {
  return fieldsOf(fieldsOf(fieldsOf(holder)['content'])['application/json'])['schema']
}

const SAID = ['description', 'title', 'examples', 'example', 'default', '$schema', 'id']

/** With its names replaced by what they stand for, and without what is for people only. */
function written(value: unknown, document: Fields, refs = 0): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => written(one, document, refs))
  if (typeof value !== 'object' || value === null) return value
  const fields = fieldsOf(value)
  const ref = fields['$ref']
  if (typeof ref === 'string') {
    const named = fieldsOf(fieldsOf(document['components'])['schemas'])[ref.slice(REF.length)]
    return refs < REFS_MAX ? written(named, document, refs + 1) : {}
  }
  const isSchema = 'type' in fields || 'anyOf' in fields || 'const' in fields || 'enum' in fields
  const kept = Object.entries(fields).filter(([name]) => !isSchema || !SAID.includes(name))
  return Object.fromEntries(kept.map(([name, one]) => [name, written(one, document, refs)]))
}

/** A sentence for each thing that breaks a caller. */
export function brokenCalls(released: Fields, current: Fields): readonly string[] {
  return Object.entries(released).flatMap(([name, call]) => {
    const now = current[name]
    if (now === undefined) return [`${name}: the call was removed; keep it until nobody makes it`]
    return brokenCall(name, fieldsOf(call), fieldsOf(now))
  })
}

function brokenCall(name: string, was: Fields, is: Fields): readonly string[] {
  const [body, bodyNow] = [was['body'], is['body']]
  const taken: Place = { at: `${name} body`, side: 'taken' }
  const fromNone = body === undefined && bodyNow !== undefined ? [`${name}: a body must be there now`] : []
  const fromBody =
    body === undefined || bodyNow === undefined
      ? fromNone
      : compared(fieldsOf(body), fieldsOf(bodyNow), taken)
  return [...brokenParameters(name, was, is), ...fromBody, ...brokenAnswers(name, was, is)]
}

function brokenParameters(name: string, was: Fields, is: Fields): readonly string[] {
  const [before, after] = [fieldsOf(was['parameters']), fieldsOf(is['parameters'])]
  const known = Object.entries(before).flatMap(([parameter, one]) => {
    const found = after[parameter]
    const at = `${name} ${parameter}`
    if (found === undefined) return [`${at}: the parameter was removed; keep it until nobody sends it`]
    const [schema, now] = [one, found].map((held) => fieldsOf(fieldsOf(held)['schema']))
    return compared(schema ?? {}, now ?? {}, { at, side: 'taken' })
  })
  const wanted = Object.entries(after).filter(
    ([parameter, one]) =>
      fieldsOf(one)['required'] === true && fieldsOf(before[parameter])['required'] !== true,
  )
  return [
    ...known,
    ...wanted.map(([parameter]) => `${name} ${parameter}: must be there now; let it be left out`),
  ]
}

function brokenAnswers(name: string, was: Fields, is: Fields): readonly string[] {
  const after = fieldsOf(is['answers'])
  return Object.entries(fieldsOf(was['answers'])).flatMap(([status, schema]) => {
    if (!(status in after)) return [`${name}: is never answered ${status} any more`]
    return compared(fieldsOf(schema), fieldsOf(after[status]), { at: `${name} ${status}`, side: 'told' })
  })
}
