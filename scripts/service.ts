// Owns: `npm run service -- <name>`: one service alone as a process, with its own port and health.
// Its database: `<NAME>_DATABASE_URL`, or one that is made in `DATABASE_URL`; its peers: `<PEER>_URL`.
import { SERVICE_NAMES, SERVICES } from '@ensemble/all-in-one'
import {
  EnvironmentError,
  findPlaces,
  PlaceUnknown,
  readEnvironment,
  sayEngineErrors,
  startSystem,
  untilStopped,
  type Program,
} from '@ensemble/service'

const USAGE = `usage: npm run service -- <${SERVICE_NAMES.join('|')}> [--separate-databases]`

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function start(name: string, args: readonly string[]): Promise<Program> {
  // A free port unless one is given: several services run on one machine.
  const env = { PORT: '0', ...process.env }
  const environment = readEnvironment({ env, args, services: SERVICE_NAMES })
  const places = await findPlaces(environment, { asked: [name], services: SERVICE_NAMES })
  const { host, port, pattern, paymentDueIn, payLaterLimit, peerUrls, isOpen } = environment
  const system = await startSystem({
    modules: SERVICES.filter((module) => module.name === name),
    places,
    config: { pattern, paymentDueIn, payLaterLimit, engine: {} },
    peerUrls,
    say,
    ...(isOpen && { health: { auth: 'open' } }),
  })
  const url = await system.listen(name, { host, port }).catch(async (error: unknown) => {
    await system.stop()
    throw error
  })
  const hush = sayEngineErrors(say)
  say(`ready: ${name} at ${url} (health ${url}/health/ready); Ctrl-C stops it`)
  return {
    stop: async () => {
      await system.stop()
      hush()
    },
  }
}

const [name = '', ...args] = process.argv.slice(2)
try {
  if (SERVICE_NAMES.includes(name)) await untilStopped(start(name, args), say)
  else {
    console.error(`${name === '' ? 'no service' : `'${name}' is no service`}\n${USAGE}`)
    process.exitCode = 1
  }
} catch (error) {
  const isKnown = error instanceof EnvironmentError || error instanceof PlaceUnknown
  console.error(isKnown ? error.message : error)
  process.exitCode = 1
}
