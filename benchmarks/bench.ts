// Owns: `npm run bench`: sagas per second, latency and cost of the engine on the order saga, with the invariants
// checked in the same run. Progress goes to stderr, the last line of stdout is one JSON object.
import { runRecovery } from './engine/recovery.ts'
import { runEngine } from './engine/run.ts'
import { engineOptions, USAGE } from './engine/options.ts'
import { command } from './measure/options.ts'

await command(USAGE, async (args) => {
  const options = engineOptions(args)
  const run = options.backlog > 0 ? runRecovery : runEngine
  const result = await run(options, (line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${JSON.stringify(result)}\n`)
  if (result.invariants !== 'hold') process.exitCode = 1
})
