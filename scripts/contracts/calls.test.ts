// Scenes about HTTP calls that change: what breaks a caller of before, in a sentence, and what does not.
import { expect, test } from 'vitest'
import { brokenCalls, callsOf } from './calls.ts'

type Json = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const object = (properties: Json, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
})
const json = (schema: Json) => ({ content: { 'application/json': { schema } } })

interface Call {
  readonly body?: Json
  readonly answer?: Json
  readonly status?: string
  readonly parameters?: readonly Json[]
}

/** `POST /x`, as a document has it. */
function calls({ body, answer = text, status = '200', parameters = [] }: Call, schemas: Json = {}) {
  const call = { parameters, ...(body && { requestBody: json(body) }), responses: { [status]: json(answer) } }
  return callsOf({ paths: { '/x': { post: call } }, components: { schemas } })
}

const page = (more: Json = {}) => ({ in: 'query', name: 'page', schema: { type: 'integer' }, ...more })

test.each<[string, Call, Call, string]>([
  [
    'a field that is wanted',
    { body: object({}) },
    { body: object({ a: text }) },
    'POST /x body.a: must be there now; let it be left out',
  ],
  [
    'a field that is gone',
    { body: object({ a: text }, []) },
    { body: object({}) },
    'POST /x body.a: the field was removed; keep it until nobody uses it',
  ],
  ['a body that is wanted', {}, { body: object({}) }, 'POST /x: a body must be there now'],
  [
    'an answer with less',
    { answer: object({ a: text }) },
    { answer: object({}) },
    'POST /x 200.a: the field was removed; keep it until nobody uses it',
  ],
  [
    'an answer of another type',
    { answer: text },
    { answer: { type: 'integer' } },
    'POST /x 200: the type was string and is integer now',
  ],
  ['another status', {}, { status: '202' }, 'POST /x: is never answered 200 any more'],
  [
    'a parameter that is gone',
    { parameters: [page()] },
    {},
    'POST /x query page: the parameter was removed; keep it until nobody sends it',
  ],
  [
    'a parameter that is wanted',
    {},
    { parameters: [page({ required: true })] },
    'POST /x query page: must be there now; let it be left out',
  ],
])('%s breaks who calls', (_, was, is, sentence) => {
  expect(brokenCalls(calls(was), calls(is))).toEqual([sentence])
})

test('a call that is gone breaks who makes it', () => {
  expect(brokenCalls(calls({}), {})).toEqual(['POST /x: the call was removed; keep it until nobody makes it'])
})

test('more may be taken and told, and words may change', () => {
  const was = calls({ body: object({ a: text }), answer: object({ a: text }) })
  const is = calls({
    body: { ...object({ a: { ...text, description: 'A' }, b: text }, ['a']), description: 'B' },
    answer: object({ a: text, b: text }),
    parameters: [page()],
  })
  expect(brokenCalls(was, is)).toEqual([])
})

test('a name stands for what it names, also one that names itself', () => {
  const ref = { $ref: '#/components/schemas/Tree' }
  const tree = (size: Json) => ({ Tree: object({ size, below: { type: 'array', items: ref } }) })
  const [was, is] = [calls({ answer: ref }, tree(text)), calls({ answer: ref }, tree({ type: 'integer' }))]
  expect(brokenCalls(was, is)).toContain('POST /x 200.size: the type was string and is integer now')
  expect(brokenCalls(was, was)).toEqual([])
})
