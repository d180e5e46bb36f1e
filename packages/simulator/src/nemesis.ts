// Owns: faults that come with time and not with a call: machines lost, processes paused, clocks that jump, servers
// restarted, partitions given to others, positions forgotten.
import type { Chance } from './chance.ts'
import type { Faults } from './faults.ts'
import type { Process } from './process.ts'
import type { Schedule } from './schedule.ts'
import type { System } from './system.ts'

const EVERY_MS = 1_000
const PAUSE_MS_MAX = 25_000
const DOWN_MS_MAX = 3_000
const JUMP_MS_MAX = 600_000

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

function harmProcesses(system: System, { faults, chance }: { faults: Faults; chance: Chance }): void {
  const harm = (act: (process: Process) => void): void => {
    const up = system.processes()
    const victim = up[chance.int(0, up.length - 1)]
    if (victim !== undefined) act(victim)
  }
  if (faults.hit('host lost')) harm((process) => process.end('host lost', 'with its machine'))
  if (faults.hit('pause')) harm((process) => process.pause(chance.skewed(200, PAUSE_MS_MAX)))
  if (faults.hit('clock jump')) harm((process) => process.jumpClock(chance.int(-JUMP_MS_MAX, JUMP_MS_MAX)))
}

function harmServers(system: System, { faults, chance }: { faults: Faults; chance: Chance }): void {
  if (!faults.hit('database restart')) return
  const servers = [...system.servers.values()]
  const victim = servers[chance.int(0, servers.length - 1)]
  if (victim !== undefined) system.restart(victim, chance.int(100, DOWN_MS_MAX))
}
