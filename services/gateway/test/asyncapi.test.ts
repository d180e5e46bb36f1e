// The document of the bus: well-formed by the official schema, and what it says of the contracts.
import specs from '@asyncapi/specs/schemas/3.0.0-without-$id.json' with { type: 'json' }
import { CATALOGUE, payment } from '@ensemble/service-contracts'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { asyncApiDocument } from '../asyncapi.ts'
import { sceneOf } from './support.ts'

const document = asyncApiDocument('0.1.0')

test('is an AsyncAPI 3 document by its official schema', () => {
  const validate = new Ajv({ strict: false, logger: false, validateFormats: false }).compile(specs)
  validate(document)
  expect(validate.errors).toBeNull()
  expect(validate({ ...document, channels: { 'order.events': { messages: [] } } })).toBe(false)
})

test('has every request of a contract as a command with its event, on the topics of its service', () => {
  expect(document['channels']).toMatchObject({
    'payment.commands': { address: 'payment.commands', messages: { 'payment.collect': expect.any(Object) } },
    'payment.events': {
      messages: {
        'payment.collected': expect.any(Object),
        'payment.collect-rejected': expect.any(Object),
        'payment.due-soon': expect.any(Object),
      },
    },
    'saga.ended': { messages: { 'order.place.compensated': expect.any(Object) } },
  })
  const commands = CATALOGUE.filter(({ kind, owner }) => kind === 'command' && owner === 'payment')
  expect(commands.map(({ name }) => name)).toEqual(Object.keys(payment).map((name) => `payment.${name}`))
})

test('every reference in it leads somewhere', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path)
  const found = (path: string): unknown =>
    path
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document)
  expect(refs.length).toBeGreaterThan(CATALOGUE.length)
  expect(refs.filter((path) => found(path) === undefined)).toEqual([])
})

test('is served beside the OpenAPI document', async () => {
  const { server } = await sceneOf()
  const answer = await server.inject('/asyncapi.json')
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toMatchObject({ asyncapi: '3.0.0', channels: document['channels'] })
})
