// Owns: one worker of the simulator: runs the seeds it is given and tells what came of each.
import { parentPort, workerData } from 'node:worker_threads'
import { check } from './check.ts'
import { subjectOf } from './subject.ts'

export interface Told {
  readonly seed: number
  readonly violations: readonly string[]
  readonly sagas: number
  readonly events: number
  readonly faults: readonly (readonly [string, number])[]
  readonly coverage: readonly string[]
}

const { file } = workerData as { readonly file: string | null }
const subject = await subjectOf(file)
const port = parentPort
if (port === null) throw new Error('this is a worker: run scripts/sim.ts')

// Stack traces of errors that are part of the game would cost a third of the time.
Error.stackTraceLimit = 0

port.on('message', (seeds: readonly number[]) => {
  void (async () => {
    const told: Told[] = []
    for (const seed of seeds) {
      const { violations, sagas, events, faults, coverage } = await check({ seed, subject })
      told.push({ seed, violations, sagas, events, faults: [...faults], coverage: [...coverage] })
    }
    port.postMessage(told)
  })()
})
