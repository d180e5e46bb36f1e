// Owns: `npm run migrate -- <service> up|down [N]`: the tables of one service, or of the bus, step by step.
// The database: `<NAME>_DATABASE_URL`, or the one in `DATABASE_URL`, or the embedded server's.
import { SERVICE_NAMES, SERVICES } from '@ensemble/all-in-one'
import { startEmbedded } from '@ensemble/postgres'
import {
  BUS,
  findPlaces,
  migrateBus,
  migrateService,
  readEnvironment,
  wordsOf,
  type Environment,
  type Step,
} from '@ensemble/service'

const NAMES = [...SERVICE_NAMES, BUS]
const USAGE = [
  'usage: npm run migrate -- <service> up|down [N]',
  `  service: ${NAMES.join(', ')}`,
  '  N: how many steps; all of them up, one down unless given',
].join('\n')

class UsageError extends Error {}

interface Asked {
  readonly name: string
  readonly step: Step
}

function askedOf([name = '', direction = '', countText, ...rest]: readonly string[]): Asked {
  if (!NAMES.includes(name)) throw new UsageError(name === '' ? 'no service' : `'${name}' is no service`)
  if (direction !== 'up' && direction !== 'down') throw new UsageError(`'${direction}' is not up or down`)
  if (rest.length > 0) throw new UsageError(`${rest.join(' ')}: too much`)
  if (countText === undefined) return { name, step: { direction } }
  const count = Number(countText)
  if (!Number.isSafeInteger(count) || count < 1)
    throw new UsageError(`'${countText}' is not a number of steps`)
  return { name, step: { direction, count } }
}

async function run({ name, step }: Asked, environment: Environment): Promise<readonly string[]> {
  const { bus, services } = await findPlaces(environment, { asked: [name], services: SERVICE_NAMES })
  const module = SERVICES.find((one) => one.name === name)
  const place = services[name]
  if (module === undefined || place === undefined) return await migrateBus(bus, step)
  return await migrateService(place, module, step)
}

async function main(): Promise<void> {
  const asked = askedOf(process.argv.slice(2))
  const environment = readEnvironment({ env: process.env, services: SERVICE_NAMES })
  const { databaseUrl, databaseUrls, data } = environment
  const isGiven = databaseUrl !== undefined || databaseUrls[asked.name] !== undefined
  const embedded = isGiven ? null : await startEmbedded({ directory: data })
  try {
    const ran = await run(
      asked,
      embedded === null ? environment : { ...environment, databaseUrl: embedded.adminUrl },
    )
    const { direction } = asked.step
    const lines = ran.map((one) => `${direction.padEnd(4)} ${one}`)
    console.log(lines.length === 0 ? `${asked.name}: nothing to do` : lines.join('\n'))
  } finally {
    await embedded?.stop()
  }
}

try {
  await main()
} catch (error) {
  process.exitCode = 1
  if (error instanceof UsageError) console.error(`${error.message}\n${USAGE}`)
  else console.error(wordsOf(error))
}
