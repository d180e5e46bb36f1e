// The calls of the README in both patterns and both layouts of databases.
import { SERVICE_NAMES } from '@ensemble/all-in-one'
import { readmeScenes } from './readme-scenes.ts'
import type { TestOptions } from './support.ts'

const WITHOUT_ORCHESTRATOR = SERVICE_NAMES.filter((name) => name !== 'orchestrator')
const SYSTEMS: readonly TestOptions[] = [
  { name: 'orchestrated in one database' },
  { name: 'orchestrated in a database each', environment: { separateDatabases: true } },
  {
    name: 'choreographed in one database, no orchestrator',
    environment: { pattern: 'choreography' },
    services: WITHOUT_ORCHESTRATOR,
  },
  {
    name: 'choreographed in a database each, no orchestrator',
    environment: { pattern: 'choreography', separateDatabases: true },
    services: WITHOUT_ORCHESTRATOR,
  },
]

readmeScenes(SYSTEMS)
