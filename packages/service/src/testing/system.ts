// Owns: one service, whole, on a database of its own, and what others on its bus and its callers do to it.
import type { Message } from '@ensemble/core'
import { sharedBus } from '@ensemble/postgres'
import { freshDatabase } from '@ensemble/postgres/testing'
import type { Config, ServiceModule } from '../module.ts'
import { migrateService } from '../places.ts'
import { startSystem, type ServiceHandle } from '../run.ts'

const CONFIG: Config = {
  pattern: 'orchestration',
  paymentDueIn: '1d',
  paymentReconcileEvery: '2m',
  payLaterLimit: 1,
  engine: { pollMs: 20 },
  auth: undefined,
}

export interface Answered<Body> {
  readonly status: number
  readonly body: Body
}

export interface ServiceAlone extends ServiceHandle {
  /** As another service on the bus does, in one batch. */
  publish(...messages: readonly Message[]): Promise<void>
  get<Body = unknown>(url: string): Promise<Answered<Body>>
  post(
    url: string,
    payload: object,
    headers?: Record<string, string>,
  ): Promise<Answered<Record<string, unknown>>>
  /** Stops it and removes its database. */
  end(): Promise<void>
}

/** With `readUrl` its reads go to that database. */
export async function startAlone(
  module: ServiceModule,
  { readUrl, config }: { readonly readUrl?: string; readonly config?: Partial<Config> } = {},
): Promise<ServiceAlone> {
  const { name } = module
  await using stack = new AsyncDisposableStack()
  const { url, drop } = await freshDatabase(name)
  stack.defer(drop)
  const places = { services: { [name]: { url, readUrl, schema: name } }, bus: { url, schema: 'bus' } }
  const system = await startSystem({ modules: [module], places, config: { ...CONFIG, ...config } })
  stack.defer(() => system.stop())
  const service = system.services.get(name)
  if (service === undefined) throw new Error(`${name} is not started`)
  const desk = await sharedBus().connect({ service: 'desk', database: service.database, topics: [] })
  stack.defer(() => desk.close())
  const owned = stack.move()
  return {
    ...service,
    publish: (...messages) => desk.transaction(async () => ({ value: undefined, messages })),
    get: async <Body>(path: string) => {
      const answer = await service.server.inject({ method: 'GET', url: path })
      return { status: answer.statusCode, body: answer.json<Body>() }
    },
    post: async (path, payload, headers = {}) => {
      const answer = await service.server.inject({ method: 'POST', url: path, payload, headers })
      return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() }
    },
    end: () => owned.disposeAsync(),
  }
}

export interface BothWays {
  readonly up: readonly string[]
  readonly down: readonly string[]
  readonly again: readonly string[]
}

/** Names of the migrations, the engine's and its own, as they were run, taken back and run again on a new database. */
export async function migratedBothWays(module: ServiceModule): Promise<BothWays> {
  const { name } = module
  const { url, drop } = await freshDatabase(`${name}-migrations`)
  try {
    const place = { url, schema: name }
    const up = await migrateService(place, module)
    const down = await migrateService(place, module, { direction: 'down', count: up.length })
    return { up, down, again: await migrateService(place, module) }
  } finally {
    await drop()
  }
}
