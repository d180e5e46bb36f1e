// The calls of the README with a real Kafka as the bus, in both patterns.
import { randomBytes } from 'node:crypto'
import { SERVICE_NAMES } from '@ensemble/all-in-one'
import { readmeScenes } from './readme-scenes.ts'

function kafka() {
  const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',')
  return { brokers, prefix: `e2e${randomBytes(4).toString('hex')}.` }
}

readmeScenes([
  { name: 'orchestrated on Kafka', environment: { kafka: kafka() } },
  {
    name: 'choreographed on Kafka, no orchestrator, a database each',
    environment: { kafka: kafka(), pattern: 'choreography', separateDatabases: true },
    services: SERVICE_NAMES.filter((name) => name !== 'orchestrator'),
  },
])
