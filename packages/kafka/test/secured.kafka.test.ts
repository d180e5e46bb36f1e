// The bus on a real broker that wants TLS and SASL: who is let in, who is not, and what he is told.
import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { kafkaTransport, type KafkaOptions, type KafkaTransport } from '@ensemble/kafka'
import { findCluster, type BrokerCluster } from '@ensemble/kafka/broker'
import { event, FAST } from './support.ts'

const SOON = { timeout: 20_000, interval: 20 }

const directory = process.env['ENSEMBLE_KAFKA_DIRECTORY']

describe.skipIf(directory === undefined)('a broker with TLS and SASL', () => {
  let secured: NonNullable<BrokerCluster['secured']>
  const open: KafkaTransport[] = []
  beforeAll(async () => {
    const found = (await findCluster(directory ?? ''))?.secured
    if (found === undefined) throw new Error('the broker of these tests has no secured listener')
    secured = found
  })
  afterAll(async () => {
    await Promise.all(open.map((transport) => transport.close()))
  })

  const optionsOf = (
    mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' = 'SCRAM-SHA-512',
  ): KafkaOptions => ({
    brokers: secured.brokers.split(','),
    ...FAST,
    prefix: `secured-${mechanism.toLowerCase()}.`,
    tls: { ca: readFileSync(secured.ca, 'utf8') },
    sasl: { mechanism, username: secured.username, password: secured.password },
  })
  const transportOf = (options: KafkaOptions): KafkaTransport => {
    const transport = kafkaTransport(options)
    open.push(transport)
    return transport
  }

  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    'given the right password by %s, when a message is sent, then a group reads it',
    async (mechanism) => {
      const transport = transportOf(optionsOf(mechanism))
      await transport.ping()
      const reader = await transport.subscribe({ group: 'g', topics: ['first.events'] })
      await transport.send([event('m1', { topic: 'first.events', key: 'k' })])
      await vi.waitFor(async () => {
        const delivery = await reader.take(100)
        expect(delivery?.messages).toMatchObject([{ ok: true, message: { id: 'm1' } }])
        await delivery?.done()
      }, SOON)
    },
  )

  test.each(['PLAIN', 'SCRAM-SHA-512'] as const)(
    'given a wrong password by %s, then AUTHENTICATION',
    async (mechanism) => {
      const { sasl, ...options } = optionsOf(mechanism)
      const wrong = transportOf({
        ...options,
        sasl: { ...sasl, mechanism, username: secured.username, password: 'wrong' },
      })
      const error = await refusal(wrong)
      expect(error).toMatchObject({ code: 'AUTHENTICATION' })
      expect(error.message).toMatch(/^cannot ask the brokers who they are: /)
      expect(error.message).not.toContain(secured.password)
    },
  )

  test('given nobody’s authority to trust, then CONNECTION, and the certificate is named as the reason', async () => {
    const { tls: _, ...options } = optionsOf()
    for (const tls of [{}, { ca: rootCertificates[0] }]) {
      const error = await refusal(transportOf({ ...options, tls }))
      expect(error).toMatchObject({ code: 'CONNECTION', message: expect.stringMatching(/certificate/) })
    }
  })

  test('given a client without TLS, or without a user, then it is refused', async () => {
    const { tls, sasl, ...options } = optionsOf()
    if (tls === undefined || sasl === undefined) throw new Error('no settings')
    expect(await refusal(transportOf({ ...options, sasl }))).toMatchObject({ code: 'CONNECTION' })
    expect(await refusal(transportOf({ ...options, tls }))).toMatchObject({ code: 'CONNECTION' })
  })
})

async function refusal(transport: KafkaTransport): Promise<Error> {
  const error: unknown = await transport.ping().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof Error)) throw new Error('was let in')
  return error
}
