// Owns: interleaved rounds of several measurements on one server with durable settings: each a process of its own, in
// an order that turns from round to round.
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '@ensemble/postgres'
import { runProgram, type Measured } from './program.ts'

export interface Command {
  /** Path of the program. */
  readonly program: string
  readonly args: readonly string[]
}

export interface Cell {
  readonly name: string
  readonly command: (adminUrl: string) => Command
}

/** What one cell measured in one round; null where it failed, and the failure is told instead. */
export interface Entry<C extends Cell> {
  readonly cell: C
  readonly round: number
  readonly measured: Measured | null
  readonly failure: string | null
}

interface Playing {
  readonly rounds: number
  readonly say: (line: string) => void
}

/** Groups are played one after the other in each round; the cells of a group turn. */
export async function playRounds<C extends Cell>(
  groups: readonly (readonly C[])[],
  { rounds, say }: Playing,
): Promise<readonly Entry<C>[]> {
  const directory = join(tmpdir(), `ensemble-bench-rounds-${process.pid}`)
  const server = await startEmbedded({ directory })
  const entries: Entry<C>[] = []
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const cell of groups.flatMap((group) => orderOf(group, round))) {
        say(`round ${round + 1} of ${rounds}: ${cell.name}`)
        entries.push({ cell, round, ...(await played(cell.command(server.adminUrl), say)) })
      }
    }
    return entries
  } finally {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

async function played(
  { program, args }: Command,
  say: (line: string) => void,
): Promise<Pick<Entry<Cell>, 'measured' | 'failure'>> {
  try {
    return { measured: await runProgram(program, args), failure: null }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error)
    say(failure)
    return { measured: null, failure }
  }
}

/** Nobody is always the first, or always behind the same one. Pure. */
export function orderOf<Name>(names: readonly Name[], round: number): readonly Name[] {
  const turn = round % Math.max(1, names.length)
  const [first, ...others] = [...names.slice(turn), ...names.slice(0, turn)]
  if (first === undefined) return []
  return [first, ...(round % 2 === 0 ? others : others.toReversed())]
}
