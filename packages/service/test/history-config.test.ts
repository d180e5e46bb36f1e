// History's storage out of the environment: PostgreSQL unless it is said, and everything wrong at once.
import { expect, test } from 'vitest'
import { EnvironmentError, readEnvironment } from '../src/config.ts'

type Env = Readonly<Record<string, string>>

const historyOf = (env: Env) => readEnvironment({ env, services: [] }).history

function problemsOf(env: Env): readonly string[] {
  try {
    historyOf(env)
    return []
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems
    throw error
  }
}

test('nothing said is the own database, for ever and whole; settings of others do not matter', () => {
  const own = { place: { storage: 'postgres' }, retentionMs: null, redact: [] }
  expect(historyOf({})).toEqual(own)
  expect(historyOf({ HISTORY_MONGO_URL: 'nonsense', HISTORY_S3_BUCKET: 'X' })).toEqual(own)
})

test.each<[string, Env, object]>([
  [
    'mongo',
    { HISTORY_MONGO_URL: 'mongodb://u:p@mongo:27017' },
    { url: 'mongodb://u:p@mongo:27017', database: 'ensemble_history' },
  ],
  [
    'elasticsearch',
    { HISTORY_ELASTICSEARCH_URL: 'https://a:9200, https://b:9200', HISTORY_ELASTICSEARCH_API_KEY: 'key' },
    { nodes: ['https://a:9200', 'https://b:9200'], prefix: 'ensemble-history', apiKey: 'key' },
  ],
  [
    'opensearch',
    {
      HISTORY_OPENSEARCH_URL: 'http://a:9200',
      HISTORY_OPENSEARCH_USERNAME: 'admin',
      HISTORY_OPENSEARCH_PASSWORD: 'secret',
      HISTORY_INDEX_PREFIX: 'shop',
    },
    { nodes: ['http://a:9200'], prefix: 'shop', username: 'admin', password: 'secret' },
  ],
  [
    's3',
    {
      HISTORY_S3_BUCKET: 'history',
      HISTORY_S3_PREFIX: 'shop/',
      HISTORY_S3_ENDPOINT: 'http://store:9000',
      HISTORY_S3_ACCESS_KEY: 'key',
      HISTORY_S3_SECRET_KEY: 'secret',
    },
    {
      bucket: 'history',
      prefix: 'shop/',
      region: 'us-east-1',
      endpoint: 'http://store:9000',
      accessKeyId: 'key',
      secretAccessKey: 'secret',
    },
  ],
  ['s3', { HISTORY_S3_BUCKET: 'history' }, { bucket: 'history', prefix: '', region: 'us-east-1' }],
])('%s with its settings', (storage, env, place) => {
  expect(historyOf({ HISTORY_STORAGE: storage, ...env }).place).toEqual({ storage, ...place })
})

test('how long and what is kept', () => {
  expect(historyOf({ HISTORY_RETENTION: '90d', HISTORY_REDACT: 'handphone, address' })).toMatchObject({
    retentionMs: 7_776_000_000,
    redact: ['handphone', 'address'],
  })
})

test.each<[string, Env, readonly string[]]>([
  ['nothing of it', { HISTORY_STORAGE: 'mongo' }, ['HISTORY_MONGO_URL: is missing']],
  ['no node', { HISTORY_STORAGE: 'opensearch' }, ['HISTORY_OPENSEARCH_URL: is missing']],
  ['an unknown storage', { HISTORY_STORAGE: 'cassandra' }, ["HISTORY_STORAGE: 'cassandra' is not usable"]],
  ['a retention under what may come again', { HISTORY_RETENTION: '29d' }, ["HISTORY_RETENTION: '29d'"]],
  [
    'half of a pair, and more',
    {
      HISTORY_STORAGE: 's3',
      HISTORY_S3_ACCESS_KEY: 'key',
      HISTORY_S3_ENDPOINT: 'store',
      HISTORY_REDACT: 'a b',
      PORT: 'x',
    },
    [
      "PORT: 'x'",
      'HISTORY_S3_BUCKET: is missing',
      "HISTORY_S3_ENDPOINT: 'store'",
      'HISTORY_S3_ACCESS_KEY and HISTORY_S3_SECRET_KEY: only one is set',
      "HISTORY_REDACT: 'a b'",
    ],
  ],
])('given %s, when read, then it is refused with all that is wrong', (_given, env, beginnings) => {
  const problems = problemsOf(env)
  expect(problems.map((text, index) => text.slice(0, beginnings[index]?.length))).toEqual(beginnings)
})

test('a password never shows', () => {
  const [problem] = problemsOf({ HISTORY_STORAGE: 'mongo', HISTORY_MONGO_URL: 'mongo://u:secret@x' })
  expect(problem).toContain('HISTORY_MONGO_URL')
  expect(problem).not.toContain('secret')
})
