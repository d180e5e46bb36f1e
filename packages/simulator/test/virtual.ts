// Owns: virtual time for tests: what the models need to run, and letting their events happen while a test waits.
import { Broker } from '../src/bus/broker.ts'
import { BusRecord } from '../src/bus/record.ts'
import { SharedLog } from '../src/bus/shared.ts'
import { Chance } from '../src/chance.ts'
import { DatabaseClient, type Schema } from '../src/database/client.ts'
import { DatabaseServer, type Isolation } from '../src/database/server.ts'
import { Faults, type FaultWeights } from '../src/faults.ts'
import { Process } from '../src/process.ts'
import { Schedule } from '../src/schedule.ts'
import type { Watch } from '../src/trace.ts'

const START = 1_780_000_000_000
/** Long against a statement, short against every bound on waiting. */
const STEP_MS = 20

interface Lived {
  readonly kin: Process | null
  readonly watch: Watch | null
}

export class Virtual {
  readonly chance: Chance
  readonly schedule: Schedule
  readonly faults: Faults

  constructor({ seed = 1, weights = {} }: { readonly seed?: number; readonly weights?: FaultWeights } = {}) {
    this.chance = new Chance(seed)
    this.schedule = new Schedule(START, this.chance)
    this.faults = new Faults(this.chance, weights)
  }

  process(name: string, { kin = null, watch = null }: Partial<Lived> = {}): Process {
    const { schedule, faults, chance } = this
    return new Process({ name, schedule, faults, chance, kin, watch, tell: () => undefined })
  }

  server(isolation: Isolation): DatabaseServer {
    return new DatabaseServer({ name: 'server', schedule: this.schedule, isolation })
  }

  /** One process's database; the same schema is the same tables. */
  client(schema: Schema, process: Process, home?: object): DatabaseClient {
    const { schedule, faults, chance } = this
    return new DatabaseClient({
      schema,
      process,
      home,
      schedule,
      faults,
      chance,
      latencyMsMax: 0,
      interleaved: 0,
      saw: () => undefined,
    })
  }

  log(partitionCount: number): SharedLog {
    const { schedule, faults, chance } = this
    return new SharedLog({
      schedule,
      faults,
      chance,
      partitionCount,
      saw: () => undefined,
      record: new BusRecord(),
    })
  }

  broker(partitionCount: number): Broker {
    const { schedule, faults, chance } = this
    return new Broker({
      schedule,
      faults,
      chance,
      partitionCount,
      saw: () => undefined,
      record: new BusRecord(),
    })
  }

  /** Lets happen what takes no more than a moment. */
  async settle(ms = STEP_MS): Promise<void> {
    await turn()
    await this.schedule.run(this.schedule.now + ms)
  }

  /** Lets time pass until the work is over. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let isOver = false
    const over = (): void => void (isOver = true)
    work.then(over, over)
    while (!isOver) await this.settle()
    return await work
  }

  /** Time passes by itself, a millisecond each turn of the event loop, until the answer is called. */
  flow(): () => void {
    let isOver = false
    const pass = async (): Promise<void> => {
      while (!isOver) await this.settle(1)
    }
    void pass()
    return () => void (isOver = true)
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
