// The reference system as processes on a real Kafka: the README's calls.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe } from 'vitest'
import { openFolder, removeFolder, startTestCluster, type TestCluster } from './cluster-support.ts'
import { scenesAt } from './readme-scenes.ts'

describe('processes on Kafka, two of order and of payment', () => {
  let directory: string
  let cluster: TestCluster
  beforeAll(async () => {
    directory = await openFolder()
    const prefix = `e2e${randomBytes(4).toString('hex')}.`
    const env = { ...process.env, KAFKA_PREFIX: prefix }
    const brokers = process.env['KAFKA_BROKERS']
    cluster = await startTestCluster({ bus: 'kafka', data: directory, brokers, env })
  })
  afterAll(async () => {
    await cluster.stop()
    await removeFolder(directory)
  })

  scenesAt(() => cluster.url, 'orchestration')
})
