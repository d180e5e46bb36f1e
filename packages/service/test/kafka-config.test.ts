// The Kafka bus out of the environment: nothing unless it is asked for, and everything wrong at once.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EnvironmentError, readEnvironment } from '../src/config.ts'

type Env = Readonly<Record<string, string>>

const kafkaOf = (env: Env) => readEnvironment({ env, services: [] }).kafka

function problemsOf(env: Env): readonly string[] {
  try {
    kafkaOf(env)
    return []
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems
    throw error
  }
}

test('brokers alone do not choose the bus: tests use them too', () => {
  expect(kafkaOf({ KAFKA_BROKERS: 'kafka:9092' })).toBeUndefined()
})

test('the brokers are enough; the rest has defaults', () => {
  expect(kafkaOf({ BUS: 'kafka', KAFKA_BROKERS: 'kafka-1:9092, [::1]:9093' })).toEqual({
    brokers: ['kafka-1:9092', '[::1]:9093'],
  })
})

test('everything that can be set', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ensemble-config-'))
  const pem = join(folder, 'ca.pem')
  writeFileSync(pem, 'a certificate')
  const env = {
    BUS: 'kafka',
    KAFKA_BROKERS: 'kafka:9093',
    KAFKA_PREFIX: 'shop.',
    KAFKA_PARTITIONS: '12',
    KAFKA_REPLICAS: '3',
    KAFKA_RETENTION: '7d',
    KAFKA_SESSION_TIMEOUT: '10s',
    KAFKA_VALUE_BYTES_MAX: '2000000',
    KAFKA_CONTENT_MODE: 'binary',
    KAFKA_TLS_CA: pem,
    KAFKA_SASL: 'SCRAM-SHA-512',
    KAFKA_USERNAME: 'order',
    KAFKA_PASSWORD: 'secret',
  }
  const kafka = kafkaOf(env)
  rmSync(folder, { recursive: true })
  expect(kafka).toEqual({
    brokers: ['kafka:9093'],
    prefix: 'shop.',
    partitions: 12,
    replicas: 3,
    retentionMs: 604_800_000,
    sessionTimeoutMs: 10_000,
    valueBytesMax: 2_000_000,
    contentMode: 'binary',
    tls: { ca: 'a certificate' },
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'order', password: 'secret' },
  })
})

test('a token, and TLS with what this machine trusts', () => {
  const env = {
    BUS: 'kafka',
    KAFKA_BROKERS: 'k:1',
    KAFKA_TLS: '1',
    KAFKA_SASL: 'OAUTHBEARER',
    KAFKA_TOKEN: 't',
  }
  expect(kafkaOf(env)).toMatchObject({ tls: {}, sasl: { mechanism: 'OAUTHBEARER', token: 't' } })
})

test('everything that is wrong is named at once, with what to set, and no secret', () => {
  const problems = problemsOf({
    BUS: 'kafka',
    KAFKA_BROKERS: 'kafka',
    KAFKA_PREFIX: 'a b',
    KAFKA_PARTITIONS: '0',
    KAFKA_REPLICAS: 'two',
    KAFKA_RETENTION: '90d',
    KAFKA_SESSION_TIMEOUT: '1s',
    KAFKA_VALUE_BYTES_MAX: '1000',
    KAFKA_CONTENT_MODE: 'both',
    KAFKA_TLS_CA: '/not/there.pem',
    KAFKA_SASL: 'PLAIN',
    KAFKA_PASSWORD: 'secret',
  })
  expect(problems).toEqual([
    "KAFKA_BROKERS: 'kafka' is not usable; set hosts with ports, such as kafka-1:9092,kafka-2:9092",
    "KAFKA_PREFIX: 'a b' is not usable; set letters, digits, dots, dashes and underscores",
    "KAFKA_PARTITIONS: '0' is not usable; set 1 to 1000",
    "KAFKA_REPLICAS: 'two' is not usable; set 1 to 10, or leave it to the brokers",
    "KAFKA_RETENTION: '90d' is not usable; set a span from 1d to 30d: the engine forgets operations after that",
    "KAFKA_SESSION_TIMEOUT: '1s' is not usable; set a span from 6s to 60s",
    "KAFKA_VALUE_BYTES_MAX: '1000' is not usable; set a number of bytes from 600000 on: a slip may be 500,000 letters",
    "KAFKA_CONTENT_MODE: 'both' is not usable; set structured or binary",
    "KAFKA_TLS_CA: '/not/there.pem' is not usable; set the path of a PEM file that can be read",
    'KAFKA_USERNAME: is missing with KAFKA_SASL=PLAIN',
  ])
})

test('a bus that is neither, and Kafka without brokers', () => {
  expect(problemsOf({ BUS: 'rabbit' })).toEqual(["BUS: 'rabbit' is not usable; set postgres or kafka"])
  expect(problemsOf({ BUS: 'kafka' })).toEqual([
    'KAFKA_BROKERS: is missing with BUS=kafka; set hosts with ports, such as kafka-1:9092',
  ])
})
