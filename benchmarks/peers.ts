// Owns: `npm run bench:peers`: the order saga on Ensemble and on other engines, in interleaved rounds on one server,
// and one table of medians. Progress goes to stderr, the last line of stdout is one JSON object.
import { command } from './measure/options.ts'
import { USAGE, peersOptions } from './peers/options.ts'
import { playRounds } from './peers/rounds.ts'
import { peersTable } from './peers/table.ts'

await command(USAGE, async (args) => {
  const options = peersOptions(args)
  const entries = await playRounds(options, (line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${peersTable(entries)}\n`)
  process.stdout.write('Temporal and dtm take no part: see benchmarks/README.md.\n')
  process.stdout.write(`${JSON.stringify(entries)}\n`)
})
