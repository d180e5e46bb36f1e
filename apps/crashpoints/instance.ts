// A program: one process of the system under test. Its argument says where its rows are (JSON, `Order`); it is told
// what to do on its standard input and says what came of it on its standard output, one JSON value a line.
// I1: it ends when whoever started it is gone.
// I2: what it says is written synchronously, so that it stands when the process ends in the same turn.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { createInterface } from 'node:readline'
import { openDatabase } from '@ensemble/postgres'
import type { Play } from './system/contracts.ts'
import { perform, type Shop } from './system/customer.ts'
import type { Places } from './system/layout.ts'
import { openSystem } from './system/system.ts'
import { Probe } from './tripwire/probe.ts'
import { Tripwire, type Trip } from './tripwire/tripwire.ts'

export interface Order {
  readonly places: Places
  /** Armed before anything is opened. */
  readonly trip: Trip | null
}

export type Command =
  | { readonly do: 'play'; readonly play: Play; readonly trip: Trip | null }
  /** Asks for the moments reached since the last time. */
  | { readonly do: 'tell' }

export type Word =
  | { readonly type: 'ready' }
  | { readonly type: 'tripped'; readonly point: string }
  /** The customers have all they wanted. */
  | { readonly type: 'played'; readonly id: string }
  | { readonly type: 'told'; readonly reached: Readonly<Record<string, number>> }
  | { readonly type: 'failed'; readonly error: string }

function say(word: Word): void {
  writeSync(1, `${JSON.stringify(word)}\n`)
}

function failed(error: unknown): void {
  say({ type: 'failed', error: error instanceof Error ? String(error.stack) : String(error) })
}

async function run({ places, trip }: Order): Promise<void> {
  const commands = createInterface({ input: process.stdin })
  commands.on('close', () => process.exit())
  const wire = new Tripwire((point) => say({ type: 'tripped', point }))
  wire.arm(trip)
  const probe = new Probe({ wire, travels: places.pattern === 'choreography' })
  const system = await openSystem(places, probe)
  const window = await openDatabase({ name: 'window', url: places.url, sizeMax: 2 })
  const shop: Shop = { system, probe, window }
  const obey = async (command: Command): Promise<void> => {
    if (command.do === 'tell') {
      say({ type: 'told', reached: wire.taken() })
      return
    }
    if (command.trip !== null) wire.arm(command.trip)
    await perform(shop, command.play)
    say({ type: 'played', id: command.play.id })
  }
  commands.on('line', (line) => void obey(JSON.parse(line) as Command).catch(failed))
  // Killed it would not leave its compiled code to the next one.
  flushCompileCache()
  say({ type: 'ready' })
}

const [order = ''] = process.argv.slice(2)
try {
  await run(JSON.parse(order) as Order)
} catch (error) {
  failed(error)
  process.exitCode = 1
}
