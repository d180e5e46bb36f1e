// Owns: interleaved rounds of ours and theirs on one server: each a process of its own, in an order that turns.
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEmbedded } from '@ensemble/postgres'
import { flagsOf } from '../measure/options.ts'
import { runProgram, type Measured } from '../measure/program.ts'
import { installPeers } from './install.ts'
import { orderOf, type Contender, type PeersOptions } from './options.ts'

export interface Entry {
  readonly contender: Contender
  readonly concurrency: number
  readonly round: number
  readonly measured: Measured
}

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const OURS = pathOf('../bench.ts')
const THEIRS = { dbos: pathOf('programs/dbos.ts'), restate: pathOf('programs/restate.ts') }

export async function playRounds(
  options: PeersOptions,
  say: (line: string) => void,
): Promise<readonly Entry[]> {
  const { rounds, concurrency: counts, only } = options
  if (only.some((contender) => contender in THEIRS)) await installPeers(say)
  const directory = join(tmpdir(), `ensemble-bench-peers-${process.pid}`)
  const server = await startEmbedded({ directory })
  const entries: Entry[] = []
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const concurrency of counts) {
        for (const contender of orderOf(only, round)) {
          say(`round ${round + 1} of ${rounds}: ${contender}, ${concurrency} callers`)
          const play = { adminUrl: server.adminUrl, concurrency, options }
          entries.push({ contender, concurrency, round, measured: await measuredOf(contender, play) })
        }
      }
    }
    return entries
  } finally {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

interface Play {
  readonly adminUrl: string
  readonly concurrency: number
  readonly options: PeersOptions
}

async function measuredOf(contender: Contender, { adminUrl, concurrency, options }: Play): Promise<Measured> {
  const { seconds, warmUp, fail } = options
  if (contender === 'dbos' || contender === 'restate')
    return await runProgram(THEIRS[contender], [
      JSON.stringify({ adminUrl, concurrency, seconds, warmUp, fail }),
    ])
  return await runProgram(
    OURS,
    flagsOf({ seconds, concurrency, pattern: contender, fail, warmUp, databaseUrl: adminUrl }),
  )
}
