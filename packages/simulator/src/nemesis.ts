// Owns: faults that come with time and not with a call: machines lost, services that crash again and again, processes
// paused, clocks that jump, servers restarted, partitions given to others, positions forgotten.
import type { Chance } from './chance.ts'
import type { DatabaseServer } from './database/server.ts'
import type { Faults } from './faults.ts'
import type { Process } from './process.ts'
import type { Schedule } from './schedule.ts'
import type { System } from './system.ts'

const EVERY_MS = 1_000
const PAUSE_MS_MAX = 25_000
/** How long a service crashes as soon as it is up, and when after that. */
const LOOP_MS_MAX = 15_000
const UP_MS_MAX = 500
const DOWN_MS_MAX = 3_000
const JUMP_MS_MAX = 600_000
/** A server's clock is set by its operators: by less, and what is due waits for it. */
const SERVER_JUMP_MS_MAX = 60_000

export function unleash(system: System, parts: { schedule: Schedule; faults: Faults; chance: Chance }): void {
  const { schedule, faults } = parts
  const turn = (): void => {
    if (faults.isHealed) return
    harmProcesses(system, parts)
    harmServers(system, parts)
    if (faults.hit('rebalance')) system.broker?.rebalanceAll()
    if (faults.hit('offsets lost')) system.broker?.forgetOffsets()
    schedule.after(EVERY_MS, turn)
  }
  schedule.after(EVERY_MS, turn)
}

function harmProcesses(system: System, parts: { schedule: Schedule; faults: Faults; chance: Chance }): void {
  const { faults, chance } = parts
  const harm = (act: (process: Process) => void): void => {
    const up = system.processes()
    const victim = up[chance.int(0, up.length - 1)]
    if (victim !== undefined) act(victim)
  }
  if (faults.hit('crash loop')) harm(({ service }) => loop(system, service, parts))
  if (faults.hit('host lost')) harm((process) => process.end('host lost', 'with its machine'))
  if (faults.hit('pause')) harm((process) => process.pause(chance.skewed(200, PAUSE_MS_MAX)))
  if (faults.hit('clock jump')) harm((process) => process.jumpClock(chance.int(-JUMP_MS_MAX, JUMP_MS_MAX)))
}

/** All of one service, so that nobody else does what it cannot. */
function loop(
  system: System,
  service: string,
  { schedule, faults, chance }: { schedule: Schedule; faults: Faults; chance: Chance },
): void {
  const end = schedule.now + chance.int(3_000, LOOP_MS_MAX)
  const turn = (): void => {
    if (faults.isHealed || schedule.now > end) return
    for (const process of system.processes())
      if (process.service === service) process.end('crash', 'in a loop')
    schedule.after(chance.int(20, UP_MS_MAX), turn)
  }
  turn()
}

function harmServers(system: System, { faults, chance }: { faults: Faults; chance: Chance }): void {
  const servers = [...system.servers.values()]
  const harm = (act: (server: DatabaseServer) => void): void => {
    const victim = servers[chance.int(0, servers.length - 1)]
    if (victim !== undefined) act(victim)
  }
  if (faults.hit('database restart')) harm((server) => system.restart(server, chance.int(100, DOWN_MS_MAX)))
  if (faults.hit('database clock jump'))
    harm((server) => system.jumpClock(server, chance.int(-SERVER_JUMP_MS_MAX, SERVER_JUMP_MS_MAX)))
}
