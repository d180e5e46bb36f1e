// Owns: letting a healed system come to rest: everything asked for is answered, every saga has ended, nothing waits.
import type { Callers } from './callers.ts'
import { checkSagas, isUnderWay } from './checks/sagas.ts'
import type { Schedule } from './schedule.ts'
import type { System } from './system.ts'

/** Virtual time that a healed system has to end everything, milliseconds; and where it looks at its work rarely. */
const HEALED_MS_MAX = 15 * 60_000
const HEALED_LONG_MS_MAX = 3 * 60 * 60_000
/** How often it is looked whether all is over, and how long it must stay so: what was read may still be in hand. */
const LOOK_MS = 1_000
const CALM_MS = 3_000
/** How often the operator looks after what is stuck. */
const OPERATE_MS = 60_000

interface Parts {
  readonly schedule: Schedule
  readonly system: System
  readonly callers: Callers
  readonly isLong: boolean
}

/** What is not over in time is named. */
export async function untilAtRest({ schedule, system, callers, isLong }: Parts): Promise<readonly string[]> {
  const end = schedule.now + (isLong ? HEALED_LONG_MS_MAX : HEALED_MS_MAX)
  let operateAt = schedule.now + OPERATE_MS
  let round = 0
  while (schedule.now < end) {
    await schedule.run(schedule.now + LOOK_MS)
    if (isAtRest(system, callers)) {
      await schedule.run(schedule.now + CALM_MS)
      if (isAtRest(system, callers)) return []
    }
    if (schedule.now < operateAt) continue
    round += 1
    operateAt = schedule.now + OPERATE_MS
    callers.operate(system.evidence(), round)
  }
  return ['it did not come to rest although everything was healed']
}

function isAtRest(system: System, callers: Callers): boolean {
  if (!callers.areAnswered || system.processes().some(({ isPaused }) => isPaused)) return false
  const evidence = system.evidence()
  return !isUnderWay(evidence) && system.lag() === 0 && checkSagas(evidence, callers.sagas).length === 0
}
