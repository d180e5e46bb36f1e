// Owns: the small pure parts: message codec, backoff, spans, fingerprints, schema check, contracts, and what a
// plan refuses when the types were bypassed.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRecord, pack, plain, unpack } from '../src/codec/message.ts'
import { erased } from '../src/codec/erase.ts'
import { eventNames, isCertain, participant } from '../src/contract/contract.ts'
import { deferred, rejected, succeeded } from '../src/contract/outcome.ts'
import { check } from '../src/contract/schema.ts'
import type { HistoryMessage, Message, StartMessage } from '../src/message/message.ts'
import { decisionsApart, goesOut, TOPIC } from '../src/message/message.ts'
import { fingerprint, movedStep, outline } from '../src/plan/fingerprint.ts'
import { saga } from '../src/plan/plan.ts'
import { spanMs } from '../src/plan/span.ts'
import { backoffMs, RETRY_DEFAULT } from '../src/retry/backoff.ts'
import { order, payment, placeOrder } from './place-order.ts'
import { count, object, schema, text } from './schemas.ts'
import { desk } from './scenes.ts'

const anything = schema<unknown>(() => [])

const start: StartMessage = {
  id: 'm1',
  topic: TOPIC.started,
  key: 's1',
  type: 'start',
  saga: { plan: 'order.place', id: 's1', pattern: 'choreography' },
  plan: { version: 1, fingerprint: 'f' },
  input: { orderId: 'o1' },
  issuedAt: 5,
  slip: null,
  again: 0,
}

describe('codec', () => {
  test('given a batch, when packed and unpacked, then the same messages with fields that nobody knows', () => {
    const newer = { ...start, id: 'm2', later: { version: 9 } }
    const retry: Message = {
      id: 'm3',
      topic: 'order.commands',
      key: 's1',
      type: 'retry',
      attempt: 1,
      message: start,
    }
    expect(unpack(pack([start, newer, retry]))).toStrictEqual([
      { ok: true, message: start },
      { ok: true, message: newer },
      { ok: true, message: retry },
    ])
  })

  test('given what cannot be decoded, then it is named and the rest of the batch is handled', () => {
    const batch = [
      start,
      null,
      { ...start, key: 7 },
      { ...start, type: 'constructor' },
      { ...start, type: 'other' },
      { ...start, saga: null },
      { id: 'm', topic: 't', key: 'k', type: 'retry', attempt: 1, message: { id: 'm' } },
    ]
    expect(unpack(JSON.stringify(batch))).toStrictEqual([
      { ok: true, message: start },
      { ok: false, text: 'null', reason: 'not an object' },
      { ok: false, text: JSON.stringify(batch[2]), reason: "field 'key' is not a text" },
      { ok: false, text: JSON.stringify(batch[3]), reason: "unknown message type 'constructor'" },
      { ok: false, text: JSON.stringify(batch[4]), reason: "unknown message type 'other'" },
      { ok: false, text: JSON.stringify(batch[5]), reason: "field 'saga' is missing" },
      { ok: false, text: JSON.stringify(batch[6]), reason: "field 'topic' is not a text" },
    ])
  })

  test.for(['', 'not json', '{}', '7'])('given the text %j, then one undecodable message', (bad) => {
    expect(unpack(bad)).toStrictEqual([{ ok: false, text: bad, reason: 'not a JSON array of messages' }])
  })

  test('unpack never throws, whatever JSON it is given', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        expect(unpack(JSON.stringify(values))).toHaveLength(values.length)
      }),
    )
  })

  test('plain copies whatever it is given as JSON would', () => {
    const odd = fc.constantFrom(
      undefined,
      NaN,
      -0,
      Infinity,
      () => 1,
      Symbol('s'),
      new Date(0),
      new Map([[1, 2]]),
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(fc.jsonValue(), odd, fc.array(tie('tree')), fc.dictionary(fc.string(), tie('tree'))),
    }))
    fc.assert(
      fc.property(fc.array(tree), (value) => {
        expect(plain(value)).toStrictEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('plain copies as the bus would', () => {
    expect(plain({ a: undefined, b: [1] })).toStrictEqual({ b: [1] })
    expect(plain(undefined)).toBeUndefined()
    expect(() => plain({ a: 1n })).toThrow(TypeError)
    expect([isRecord({}), isRecord([]), isRecord(null), isRecord('x')]).toStrictEqual([
      true,
      false,
      false,
      false,
    ])
  })
})

describe('what travels', () => {
  const saga = { plan: 'p', id: 's1', pattern: 'orchestration' } as const
  const told = (seq: number, at = seq) => ({
    seq,
    at,
    entries: [{ type: 'undone', step: `s${seq}` }] as const,
  })
  const one = (seq: number): HistoryMessage => {
    const id = `p/s1#${seq}`
    return { type: 'history', id, topic: TOPIC.history, key: 's1', saga, ...told(seq) }
  }

  test('decisions that were told together are messages as if each had been told by itself', () => {
    const together: HistoryMessage = { ...one(1), source: 'a', more: [told(2), { ...told(3), source: 'b' }] }
    expect(decisionsApart(together)).toStrictEqual([
      { ...one(1), source: 'a' },
      one(2),
      { ...one(3), source: 'b' },
    ])
    expect([decisionsApart(one(1)), decisionsApart(start)]).toStrictEqual([[one(1)], [start]])
  })

  test.each([
    ['command', undefined, true],
    ['command', 'a', false],
    ['start', undefined, true],
    ['start', 'a', false],
    ['event', 'a', true],
    ['ended', 'a', true],
  ] as const)('%s, done at home by %s: goes over the bus %s', (type, handledBy, goes) => {
    expect(goesOut({ type, ...(handledBy !== undefined && { handledBy }) })).toBe(goes)
  })
})

describe('backoff', () => {
  const policy = { delayMsMin: 100, delayMsMax: 1_000, attemptsMax: 5 }

  test('its bounds: from half the ceiling to the ceiling, which doubles up to the cap', () => {
    const bounds = [1, 2, 3, 4, 5, 6, 99, 10_000].map((attempt) => [
      backoffMs(policy, attempt, 0),
      backoffMs(policy, attempt, 1 - 2 ** -53),
    ])
    expect(bounds).toStrictEqual([
      [50, 100],
      [100, 200],
      [200, 400],
      [400, 800],
      [500, 1_000],
      [500, 1_000],
      [500, 1_000],
      [500, 1_000],
    ])
  })

  test('for any attempt and chance: within the cap, never shorter for a later attempt, spread by chance', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), chance, (attempt, value) => {
        const delay = backoffMs(RETRY_DEFAULT, attempt, value)
        expect(delay).toBeGreaterThanOrEqual(RETRY_DEFAULT.delayMsMin / 2)
        expect(delay).toBeLessThanOrEqual(RETRY_DEFAULT.delayMsMax)
        expect(backoffMs(RETRY_DEFAULT, attempt + 1, value)).toBeGreaterThanOrEqual(delay)
        expect(backoffMs(RETRY_DEFAULT, attempt, 0)).toBeLessThan(backoffMs(RETRY_DEFAULT, attempt, 0.5))
      }),
    )
  })
})

describe('span', () => {
  test.for([
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5s', 1_500],
    ['0s', 0],
  ] as const)('%s is %i milliseconds', ([span, ms]) => {
    expect(spanMs(span)).toBe(ms)
  })

  test.for(['', '30', 's', '30 s', '-1s', '1e3s', '3w', '1s ', 'Infinitys'])('%j is refused', (span) => {
    expect(() => spanMs(span)).toThrow(
      new TypeError(`'${span}' is not a span of time; write a number and a unit: 500ms, 30s, 10m, 2h or 1d`),
    )
  })
})

describe('outline and fingerprint', () => {
  test('one line per step, readable', () => {
    expect(placeOrder.outline.split(';')).toStrictEqual([
      'compensatable openOrder order.open undo order.fail',
      'check verifyUser user.verify',
      'compensatable preparePayment payment.prepare undo payment.cancel',
      'pivot collectPayment payment.collect',
      'retriable completeOrder order.complete',
      'retriable notify notification.notify',
    ])
    expect(outline([])).toBe('')
  })

  test('an only pattern is a line of its own', () => {
    expect(outline(placeOrder.steps, 'orchestration')).toBe(`${placeOrder.outline};only orchestration`)
  })

  test('the fingerprint is short, and another for another outline', () => {
    expect(placeOrder.fingerprint).toBe(fingerprint(placeOrder.outline))
    // The published value of FNV-1a for no input, and for one letter.
    expect([fingerprint(''), fingerprint('a')]).toStrictEqual(['cbf29ce484222325', 'af63dc4c8601ec8c'])
    expect(fingerprint(placeOrder.outline.replace('verifyUser', 'knowUser'))).not.toBe(placeOrder.fingerprint)
  })

  test('movedStep names the first step that differs', () => {
    const stored = placeOrder.outline
    expect(movedStep(stored, stored)).toBeNull()
    expect(movedStep(stored, stored.replace('check verifyUser', 'check knowUser'))).toStrictEqual({
      was: 'check verifyUser user.verify',
      is: 'check knowUser user.verify',
    })
    expect(movedStep('a;b', 'a')).toStrictEqual({ was: 'b', is: '(nothing)' })
    expect(movedStep('a', 'a;b')).toStrictEqual({ was: '(nothing)', is: 'b' })
  })
})

describe('schema check', () => {
  const Item = object({ name: text, size: count })

  test('gives the value, or problems that name the field', () => {
    expect(check(Item, { name: 'n', size: 1 })).toStrictEqual({ ok: true, value: { name: 'n', size: 1 } })
    expect(check(Item, { name: 1 })).toStrictEqual({
      ok: false,
      problems: ['name: expected string', 'size: expected number'],
    })
    expect(check(Item, null)).toStrictEqual({ ok: false, problems: ['expected object'] })
  })

  test('joins paths of both forms that the standard allows', () => {
    const nested = schema<unknown>(() => [{ message: 'bad', path: ['items', { key: 0 }, 'sku'] }])
    expect(check(nested, {})).toStrictEqual({ ok: false, problems: ['items.0.sku: bad'] })
  })

  test('refuses an asynchronous schema', () => {
    const slow = {
      '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: 1 }) },
    } as const
    expect(check(slow, 1)).toStrictEqual({
      ok: false,
      problems: ['the schema is asynchronous; contracts need a synchronous one'],
    })
  })
})

describe('contracts and outcomes', () => {
  test('a request names itself, plans its input and knows its events', () => {
    expect({ ...order.open }).toStrictEqual({ participant: 'order', request: 'open', spec: order.open.spec })
    const planned = order.fail(({ id }: { id: string }) => ({ orderId: id }))
    expect(planned.ref).toStrictEqual({ participant: 'order', request: 'fail', spec: order.fail.spec })
    expect(planned.input({ id: 'o1' })).toStrictEqual({ orderId: 'o1' })
    expect(eventNames.succeeded(payment.prepare)).toBe('payment.prepared')
    expect(eventNames.succeeded(desk.look)).toBe('desk.look-succeeded')
    expect(eventNames.other(payment.prepare, 'rejected')).toBe('payment.prepare-rejected')
    expect([isCertain(order.fail.spec), isCertain(order.open.spec)]).toStrictEqual([true, false])
  })

  test.for(['', '1st', 'with.dot', 'with space', 'a'.repeat(64)])('the name %j is refused', (name) => {
    const message = `participant name '${name}': use a letter, then up to 62 letters, digits, '-' or '_'`
    expect(() => participant(name, {})).toThrow(new TypeError(message))
  })

  test('outcomes are plain values', () => {
    expect([succeeded(), succeeded(1), rejected('no', { a: 1 }), deferred({ until: 5 })]).toStrictEqual([
      { status: 'succeeded', output: undefined },
      { status: 'succeeded', output: 1 },
      { status: 'rejected', rejection: 'no', data: { a: 1 } },
      { status: 'deferred', until: 5 },
    ])
  })
})

interface Loose {
  [step: string]: (name?: string, step?: object) => Loose
}

describe('a plan made past the types', () => {
  const loose = (): Loose => erased(saga('test.loose', { version: 1, input: anything }))
  const call = (draft: Loose, kind: string, name: string, step: object): Loose =>
    draft[kind]?.(name, step) ?? draft
  const run = { run: desk.give(() => 1) }
  const take = { run: desk.take(() => 1) }
  const look = { run: desk.look(() => 1) }
  const where = "saga 'test.loose', step 'b'"

  test.for([
    ['check', { run: desk.take(() => 1) }, `${where}: a check asks a query, not a command`],
    ['compensatable', run, `${where}: a compensatable needs an undo`],
    [
      'compensatable',
      { ...run, undo: desk.take(() => 1) },
      `${where}: 'take' can be rejected; a retriable or an undo must be certain`,
    ],
    ['retriable', take, `${where}: 'take' can be rejected; a retriable or an undo must be certain`],
    [
      'pivot',
      { ...run, within: '3w' },
      "'3w' is not a span of time; write a number and a unit: 500ms, 30s, 10m, 2h or 1d",
    ],
  ] as const)('refuses a %s', ([kind, step, message]) => {
    expect(() => call(loose(), kind, 'b', step)).toThrow(new TypeError(message))
  })

  test('refuses what is outside the grammar, a name used twice, and bad names', () => {
    const paid = call(loose(), 'pivot', 'a', take)
    expect(() => call(paid, 'pivot', 'b', take)).toThrow(
      new TypeError(`${where}: a pivot cannot follow the pivot 'a'`),
    )
    expect(() => call(paid, 'check', 'b', look)).toThrow(
      new TypeError(`${where}: a check cannot follow the pivot 'a'`),
    )
    expect(() => call(paid, 'retriable', 'a', run)).toThrow(
      new TypeError("saga 'test.loose', step 'a': the name is used twice"),
    )
    expect(() => call(loose(), 'retriable', 'a b', run)).toThrow(/^step name 'a b'/)
    expect(() => loose()['end']?.()).toThrow(new TypeError("saga 'test.loose' has no steps"))
    expect(() => saga('test.', { version: 1, input: anything })).toThrow(/^saga name ''/)
    expect(() => saga('test', { version: 0, input: anything })).toThrow(
      new TypeError("saga 'test': version must be an integer from 1, got 0"),
    )
  })

  test('a plan without an end says nothing when completed and why when compensated', () => {
    const plan = saga('test.loose', { version: 1, input: anything }).retriable('a', run).end()
    const because = { step: 'a', status: 'faulted', reason: 'X', data: null } as const
    expect(plan.end.completed({ input: 1, results: {} })).toStrictEqual({})
    expect(plan.end.compensated({ input: 1, results: {}, because })).toStrictEqual({ because })
    expect([plan.withinMs, placeOrder.withinMs]).toStrictEqual([null, 172_800_000])
    expect(placeOrder.steps.map(({ withinMs }) => withinMs)).toStrictEqual([
      300_000,
      10_000,
      30_000,
      300_000,
      null,
      null,
    ])
  })
})
