// Owns: every service in one process, on the embedded server or a given one.
// I1: only the gateway listens; the services reach each other without sockets, and their tables are their own.
// I2: a start that fails ends the embedded server again.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { startEmbedded, type EmbeddedServer } from '@ensemble/postgres'
import {
  makePlaces,
  startSystem,
  type Config,
  type Environment,
  type ServiceHandle,
  type SystemOptions,
} from '@ensemble/service'
import { systemClock } from '@ensemble/runtime'
import { keepAlive } from './reviver.ts'
import { SERVICE_NAMES, SERVICES } from './services.ts'

export interface AllInOneOptions {
  /** Defaults to all; without `orchestrator` only choreographed sagas run. */
  readonly services?: readonly string[]
  readonly environment: AllInOneEnvironment
  /** Settings of the engine, e.g. short retries. */
  readonly engine?: Config['engine']
  /** A bus that misbehaves, for tests. */
  readonly wrapBus?: SystemOptions['wrapBus']
  /** Hears how far the start is, and later failures. */
  readonly say?: (line: string) => void
}

/** Of the environment, what matters when everything is in one process. */
export type AllInOneEnvironment = Pick<
  Environment,
  | 'host'
  | 'port'
  | 'data'
  | 'pattern'
  | 'paymentDueIn'
  | 'paymentReconcileEvery'
  | 'payLaterLimit'
  | 'lagCountMax'
  | 'databaseUrl'
  | 'databaseReadUrl'
  | 'separateDatabases'
  | 'isOpen'
> &
  Partial<Pick<Environment, 'kafka' | 'history' | 'notification' | 'auth' | 'edge' | 'tracing'>>

export interface AllInOne {
  /** Of the gateway. */
  readonly url: string
  readonly services: ReadonlyMap<string, ServiceHandle>
  /** null when a server was given. */
  readonly embedded: EmbeddedServer | null
  stop(): Promise<void>
}

export async function startAllInOne(options: AllInOneOptions): Promise<AllInOne> {
  const { environment, wrapBus, say = () => undefined } = options
  const { host, port, pattern, separateDatabases: isSeparate } = environment
  const { paymentDueIn, paymentReconcileEvery, payLaterLimit } = environment
  const names = options.services ?? SERVICE_NAMES
  await refuseTaken({ host, port })
  await using stack = new AsyncDisposableStack()
  const embedded = await embeddedFor(environment, say)
  if (embedded !== null) {
    stack.defer(() => embedded.stop())
    const reviver = keepAlive(embedded, { name: 'PostgreSQL', clock: systemClock, say })
    stack.defer(() => reviver.stop())
  }
  const adminUrl = embedded?.adminUrl ?? environment.databaseUrl ?? ''
  const { databaseReadUrl: readUrl, history, edge } = environment
  const places = await makePlaces({ services: SERVICE_NAMES, adminUrl, readUrl, isSeparate, say })
  const system = await startSystem({
    modules: SERVICES.filter(({ name }) => names.includes(name)),
    places,
    kafka: environment.kafka,
    tracing: environment.tracing,
    config: {
      pattern,
      paymentDueIn,
      paymentReconcileEvery,
      payLaterLimit,
      notification: environment.notification,
      engine: options.engine ?? {},
      auth: environment.auth,
      ...(history !== undefined && { history }),
      ...(edge !== undefined && { edgeNow: () => edge }),
    },
    lagCountMax: environment.lagCountMax,
    say,
    ...(wrapBus !== undefined && { wrapBus }),
    ...(environment.isOpen && { health: { auth: 'open' } }),
  })
  stack.defer(() => system.stop())
  const url = await system.listen('gateway', { host, port })
  const owned = stack.move()
  let stopped: Promise<void> | undefined
  return {
    url,
    services: system.services,
    embedded,
    stop: async () => {
      stopped ??= owned.disposeAsync()
      await stopped
    },
  }
}

export class PortTaken extends Error {
  override readonly name = 'PortTaken'
  readonly code = 'PORT_TAKEN'
}

/** Asked first: nobody should wait for a database to hear that. */
async function refuseTaken({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  if (port === 0) return
  const probe = createServer()
  try {
    probe.listen(port, host)
    await once(probe, 'listening')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new PortTaken(
      `port ${port} of ${host} cannot be used: set PORT to another, or to 0 for a free one (${why})`,
    )
  }
  probe.close()
  await once(probe, 'close')
}

async function embeddedFor(
  { databaseUrl, data }: AllInOneEnvironment,
  say: (line: string) => void,
): Promise<EmbeddedServer | null> {
  if (databaseUrl !== undefined) return null
  say(`starting PostgreSQL in ${data} (the first time takes some seconds)`)
  const server = await startEmbedded({ directory: data })
  if (server.isTakenOver) say('took over the PostgreSQL that a stopped process had left')
  return server
}
