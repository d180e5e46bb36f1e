// Owns: `npm run bench:http`: orders per second, latency and cost of the whole system as `npm start` runs it, with
// validation, history and notification on. Progress goes to stderr, the last line of stdout is one JSON object.
import { runHttp } from './http/run.ts'
import { runSurge } from './http/surge.ts'
import { httpOptions, USAGE } from './http/options.ts'
import { command } from './measure/options.ts'

await command(USAGE, async (args) => {
  const options = httpOptions(args)
  const run = options.surge > 0 ? runSurge : runHttp
  const result = await run(options, (line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${JSON.stringify(result)}\n`)
  if (result.invariants !== 'hold') process.exitCode = 1
})
