// Owns: whether what was released still works with what is here: two AsyncAPI documents compared, message by message,
// and the schemas in them. Pure. Does not own: HTTP calls (calls.ts).
// I1: instances of two versions run side by side, so each must understand the other: what was promised is neither taken
// away nor narrowed in a command, nor taken away or widened in an event.
// I2: adding is free: a message, an optional field of a command, any field of an event.

import { fieldsOf, itemsOf, type Fields } from '../json.ts'

/** Who sends it: others, so that less may not be taken; or we, so that less may not be told. */
export type Side = 'taken' | 'told'

export interface Place {
  readonly at: string
  readonly side: Side
}

/** Of lists of possible values and of limits, those that make a schema narrower when they grow, or when they shrink. */
const LOWER_LIMITS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems']
const UPPER_LIMITS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems']
const FORMS = ['pattern', 'format']

/** A sentence for each thing that breaks; none when both understand each other. */
export function broken(released: Fields, current: Fields): readonly string[] {
  const now = messagesOf(current)
  return Object.entries(messagesOf(released)).flatMap(([name, message]) => {
    const found = now[name]
    if (found === undefined) return [`${name}: the message was removed; keep it until nobody uses it`]
    const side = isTaken(fieldsOf(message)) ? 'taken' : 'told'
    const [was, is] = [message, found].map((one) => fieldsOf(fieldsOf(one)['payload']))
    return compared(was ?? {}, is ?? {}, { at: name, side })
  })
}

/** Each alternative that may come must be one that is understood. */
export function compared(was: Fields, is: Fields, place: Place): readonly string[] {
  const [before, after] = [alternativesOf(was), alternativesOf(is)]
  const isTaken = place.side === 'taken'
  const [comes, known] = isTaken ? [before, after] : [after, before]
  return comes.flatMap((one) => {
    const found = known.map((other) => (isTaken ? plain(one, other, place) : plain(other, one, place)))
    if (found.some((problems) => problems.length === 0)) return []
    const [nearest = []] = found.toSorted((left, right) => left.length - right.length)
    if (comes.length === known.length) return nearest
    const what = typeof one['type'] === 'string' ? one['type'] : 'another alternative'
    return [
      `${place.at}: ${isTaken ? `${what} is not taken any more` : `may be ${what} now, which it never was`}`,
    ]
  })
}

function alternativesOf(schema: Fields): readonly Fields[] {
  const listed = itemsOf(schema['anyOf'] ?? schema['oneOf']).map(fieldsOf)
  return listed.length === 0 ? [schema] : listed
}

function plain(was: Fields, is: Fields, place: Place): readonly string[] {
  return [
    ...types(was, is, place),
    ...values(was, is, place),
    ...limits(was, is, place),
    ...FORMS.flatMap((form) => changedForm(form, [was, is], place)),
    ...properties(was, is, place),
    ...('items' in was && 'items' in is
      ? compared(fieldsOf(was['items']), fieldsOf(is['items']), { ...place, at: `${place.at}[]` })
      : []),
  ]
}

function types(was: Fields, is: Fields, { at, side }: Place): readonly string[] {
  const [before, after] = [was, is].map((one) => listOf(one['type']))
  if (before === undefined || after === undefined || before.length === 0) return []
  const [kept, all] = side === 'taken' ? [before, after] : [after, before]
  if (all.length > 0 && kept.length > 0 && kept.every((type) => all.includes(type) || widens(type, all)))
    return []
  return after.length === 0 && side === 'taken'
    ? []
    : [`${at}: the type was ${before.join(' or ')} and is ${after.join(' or ') || 'anything'} now`]
}

function widens(type: string, all: readonly string[]): boolean {
  return type === 'integer' && all.includes('number')
}

function values(was: Fields, is: Fields, { at, side }: Place): readonly string[] {
  const [before, after] = [was, is].map(valuesOf)
  if (side === 'taken') {
    if (after === undefined) return []
    if (before === undefined) return [`${at}: was free and is one of ${after.join(', ')} now`]
    const gone = before.filter((value) => !after.includes(value))
    return gone.map((value) => `${at}: ${value} is not taken any more`)
  }
  if (before === undefined) return []
  if (after === undefined) return [`${at}: was one of ${before.join(', ')} and is free now`]
  const added = after.filter((value) => !before.includes(value))
  return added.map((value) => `${at}: ${value} is new, and who reads it knows ${before.join(', ')} only`)
}

function limits(was: Fields, is: Fields, { at, side }: Place): readonly string[] {
  const sign = side === 'taken' ? 1 : -1
  const narrower = (name: string, direction: 1 | -1): readonly string[] => {
    const none = direction * Number.NEGATIVE_INFINITY
    const [before, after] = [was, is].map((one) => (typeof one[name] === 'number' ? one[name] : none))
    if (before === undefined || after === undefined || before === after) return []
    if (direction * sign * (after - before) < 0) return []
    return [`${at}: ${name} was ${shown(before)} and is ${shown(after)} now`]
  }
  return [
    ...LOWER_LIMITS.flatMap((name) => narrower(name, 1)),
    ...UPPER_LIMITS.flatMap((name) => narrower(name, -1)),
  ]
}

function changedForm(
  form: string,
  [was, is]: readonly [Fields, Fields],
  { at, side }: Place,
): readonly string[] {
  const [before, after] = [was[form], is[form]]
  if (before === after || (side === 'taken' && after === undefined)) return []
  if (side === 'told' && before === undefined) return []
  return [`${at}: ${form} was ${wordOf(before)} and is ${wordOf(after)} now`]
}

function properties(was: Fields, is: Fields, { at, side }: Place): readonly string[] {
  const [before, after] = [was, is].map((one) => fieldsOf(one['properties']))
  const [needed, needs] = [was, is].map((one) => listOf(one['required']))
  const known = Object.entries(before ?? {}).flatMap(([name, schema]) => {
    const found = after?.[name]
    const place = { at: `${at}.${name}`, side }
    if (found === undefined) return [`${place.at}: the field was removed; keep it until nobody uses it`]
    const isLess = side === 'told' && needed?.includes(name) === true && needs?.includes(name) !== true
    const less = isLess ? [`${place.at}: was always there and may be missing now`] : []
    return [...less, ...compared(fieldsOf(schema), fieldsOf(found), place)]
  })
  if (side === 'told') return known
  const wanted = (needs ?? []).filter((name) => needed?.includes(name) !== true)
  return [...known, ...wanted.map((name) => `${at}.${name}: must be there now; let it be left out`)]
}

function valuesOf(schema: Fields): readonly string[] | undefined {
  if ('const' in schema) return [JSON.stringify(schema['const'])]
  return Array.isArray(schema['enum'])
    ? itemsOf(schema['enum']).map((value) => JSON.stringify(value))
    : undefined
}

const TAKEN: ReadonlySet<unknown> = new Set(['command', 'intake'])

function isTaken(message: Fields): boolean {
  return itemsOf(message['tags']).some((tag) => TAKEN.has(fieldsOf(tag)['name']))
}

function messagesOf(document: Fields): Fields {
  return fieldsOf(fieldsOf(document['components'])['messages'])
}

function listOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? itemsOf(value) : [value]).filter((one) => typeof one === 'string')
}

function wordOf(form: unknown): string {
  return typeof form === 'string' ? form : 'any'
}

function shown(limit: number): string {
  return Number.isFinite(limit) ? String(limit) : 'none'
}
