// Owns: `npm run service -- <name>`: one service alone as a process, with its own port and health.
// Its database: `<NAME>_DATABASE_URL`, or one that is made in `DATABASE_URL`; its peers: `<PEER>_URL`.
import { SERVICE_NAMES, SERVICES } from '@ensemble/all-in-one'
import { systemClock, systemIds } from '@ensemble/runtime'
import {
  consulAt,
  findPlaces,
  peersUnset,
  readConsulSettings,
  readEnvironment,
  settingsIn,
  startSystem,
  untilStopped,
  variableOf,
  wordsOf,
  type ConsulSettings,
  type LiveEnvironment,
  type Program,
  type SystemOptions,
} from '@ensemble/service'

const USAGE = `usage: npm run service -- <${SERVICE_NAMES.join('|')}> [--separate-databases]`

/** Who answers what the gateway passes on. */
const GATEWAY_ASKS = ['history', 'notification', 'user', 'order', 'payment', 'auth']

/** Whom a service asks over HTTP: with tokens everybody asks about them, and they are given to users. */
function askedBy(name: string, isGuarded: boolean): readonly string[] {
  if (name === 'gateway') return GATEWAY_ASKS
  if (!isGuarded) return []
  return name === 'auth' ? ['user'] : ['auth']
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** A supervisor that is gone cannot end this, and nobody reads what it says. */
function followSupervisor(): void {
  if (process.channel === undefined) return
  process.once('disconnect', () => {
    process.stdout.on('error', () => undefined)
    process.stderr.on('error', () => undefined)
    process.kill(process.pid, 'SIGTERM')
  })
  process.channel.unref()
}

interface Starting {
  readonly args: readonly string[]
  readonly wrapBus: SystemOptions['wrapBus']
}

async function start(name: string, { args, wrapBus }: Starting): Promise<Program> {
  // A free port unless one is given: several services run on one machine.
  const env = { PORT: '0', ...process.env }
  const settings = readConsulSettings(env)
  const live = await liveEnvironment(name, { env, args, settings })
  try {
    return await startIn(live, { name, wrapBus, settings })
  } catch (error) {
    await live.stop()
    throw error
  }
}

type Env = Readonly<Record<string, string | undefined>>

interface Told {
  readonly env: Env
  readonly args: readonly string[]
  readonly settings: ConsulSettings | undefined
}

/** Settings that Consul keeps are read from there too, and some of them count as soon as they change. */
async function liveEnvironment(service: string, { env, args, settings }: Told): Promise<LiveEnvironment> {
  const read = (all: Env) => readEnvironment({ env: all, args, services: SERVICE_NAMES })
  if (settings === undefined) {
    const environment = read(env)
    return { environment, edgeNow: () => environment.edge, stop: async () => undefined }
  }
  const consul = consulAt(settings.agent)
  const ids = systemIds(systemClock)
  const { keyPrefix } = settings
  return await settingsIn({ consul, keyPrefix, service, env, read, clock: systemClock, ids, say })
}

interface Named {
  readonly name: string
  readonly wrapBus: SystemOptions['wrapBus']
  readonly settings: ConsulSettings | undefined
}

async function startIn(live: LiveEnvironment, { name, wrapBus, settings }: Named): Promise<Program> {
  const { environment, edgeNow } = live
  const asked = askedBy(name, environment.auth !== undefined)
  const unset = settings === undefined ? peersUnset(asked, environment.peerUrls) : undefined
  if (unset !== undefined) say(unset)
  const places = await findPlaces(environment, { asked: [name], services: SERVICE_NAMES, say })
  const { host, port, peerUrls, lagCountMax, kafka, tracing, isOpen } = environment
  const { pattern, paymentDueIn, paymentReconcileEvery, payLaterLimit, history, notification, auth } =
    environment
  const system = await startSystem({
    modules: SERVICES.filter((module) => module.name === name),
    places,
    kafka,
    tracing,
    config: {
      pattern,
      paymentDueIn,
      paymentReconcileEvery,
      payLaterLimit,
      notification,
      engine: {},
      history,
      auth,
      edgeNow,
    },
    peerUrls,
    consul: settings && { settings, asked },
    lagCountMax,
    say,
    ...(wrapBus !== undefined && { wrapBus }),
    ...(isOpen && { health: { auth: 'open' } }),
  })
  const url = await system.listen(name, { host, port }).catch(async (error: unknown) => {
    await system.stop()
    throw error
  })
  const hint = GATEWAY_ASKS.includes(name) ? `, the gateway finds it by ${variableOf(name)}_URL=${url}` : ''
  say(`ready: ${name} at ${url} (health ${url}/v1/health/ready)${hint}; Ctrl-C stops it`)
  return {
    stop: async () => {
      await system.stop()
      await live.stop()
    },
  }
}

/** Until it is told to stop. `wrapBus` is for who wants to see what goes over the bus. */
export async function runService(
  [name = '', ...args]: readonly string[],
  wrapBus?: SystemOptions['wrapBus'],
): Promise<void> {
  followSupervisor()
  try {
    if (SERVICE_NAMES.includes(name)) await untilStopped(start(name, { args, wrapBus }), say)
    else {
      console.error(`${name === '' ? 'no service' : `'${name}' is no service`}\n${USAGE}`)
      process.exitCode = 1
    }
  } catch (error) {
    console.error(wordsOf(error))
    process.exitCode = 1
  }
}

if (import.meta.main) await runService(process.argv.slice(2))
