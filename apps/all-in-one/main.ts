// Owns: `npm start`: the whole system from one command, until Ctrl-C.
import { readEnvironment, untilStopped, wordsOf } from '@ensemble/service'
import { PortTaken, startAllInOne } from './all-in-one.ts'
import { SERVICE_NAMES } from './services.ts'
import { callToTry } from './try.ts'

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function start() {
  const environment = readEnvironment({
    env: process.env,
    args: process.argv.slice(2),
    services: SERVICE_NAMES,
  })
  if (process.env['CONSUL_URL'] !== undefined)
    say('CONSUL_URL is not used here, where all services are in one process; npm run service uses it')
  if (environment.isOpen) say('AUTH=open: everybody who reaches this address may call')
  const system = await startAllInOne({ environment, say })
  say(`ready: ${system.url} (API page ${system.url}/docs), ${environment.pattern}; Ctrl-C stops it`)
  say(callToTry(system.url, environment.auth !== undefined))
  return system
}

try {
  await untilStopped(start(), say)
} catch (error) {
  process.stderr.write(`${wordsOf(error, [PortTaken])}\n`)
  process.exitCode = 1
}
