// Owns: `npm run bench:peers`: the order saga on Ensemble and on other engines, in interleaved rounds on one server,
// and one table of medians. Progress goes to stderr, the last line of stdout is one JSON object.
import { command } from './measure/options.ts'
import { playRounds } from './measure/rounds.ts'
import { contenderCell } from './peers/contenders.ts'
import { installPeers } from './peers/install.ts'
import { USAGE, peersOptions } from './peers/options.ts'
import { peersTable } from './peers/table.ts'

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

await command(USAGE, async (args) => {
  const { rounds, concurrency: counts, only, ...rest } = peersOptions(args)
  const contenders = await installPeers(only, say)
  const groups = counts.map((concurrency) =>
    contenders.map((contender) => contenderCell(contender, { ...rest, concurrency })),
  )
  const entries = await playRounds(groups, { rounds, say })
  process.stdout.write(`${peersTable(entries)}\n`)
  process.stdout.write(`${JSON.stringify(entries)}\n`)
  if (entries.some(({ failure }) => failure !== null)) process.exitCode = 1
})
