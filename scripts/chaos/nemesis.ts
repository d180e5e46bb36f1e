// Owns: what is done to a cluster: faults in an order of the seed, each only while sagas move, each healed.
// I1: a fault that met no moving saga does not count, and is played again.
// I2: only processes that the cluster started get signals, by their numbers.
// I3: whatever happens, nobody stays frozen.
import { now, poll, sleep, type Chance } from '@ensemble/all-in-one/audit'
import type { Child } from '../cluster/child.ts'
import type { Cluster } from '../cluster/cluster.ts'

export type FaultKind =
  | 'kill one'
  | 'freeze one'
  | 'restart PostgreSQL'
  | 'kill the broker'
  | 'kill all services'

export interface Fault {
  readonly kind: FaultKind
  readonly victim: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Sagas that waited for nobody outside when it came. */
  readonly moving: number
  /** From the fault, or the end of a freeze, until every process said again that all is well. */
  readonly recoveryMs: number
  /** Messages that were handled again until then. */
  readonly againCount: number
}

export interface NemesisOptions {
  readonly cluster: Cluster
  readonly chance: Chance
  readonly endsAt: number
  /** Longer than others wait for one that is silent. */
  readonly freezeMs: number
  readonly moving: () => Promise<number>
  readonly againCount: () => number
  readonly say: (line: string) => void
}

/** Each kind of fault so often in a round. */
const ROUND: Readonly<Record<FaultKind, number>> = {
  'kill one': 2,
  'freeze one': 1,
  'restart PostgreSQL': 1,
  'kill the broker': 1,
  'kill all services': 1,
}
const PAUSE_MS_MIN = 2_000
const PAUSE_MS_MAX = 5_000
const RECOVERY_MS_MAX = 120_000
/** As long as a customer thinks, at most. */
const MOVING_MS_MAX = 5_000
const POLL_MS = 20
const TRIES_MAX = 5

class NotRecovered extends Error {
  override readonly name = 'NotRecovered'
}

/** Plays faults until the time is over. Errors: NotRecovered. */
export async function torment(options: NemesisOptions): Promise<readonly Fault[]> {
  const { chance, endsAt } = options
  const faults: Fault[] = []
  while (now() < endsAt) {
    for (const kind of roundOf(options)) {
      await sleep(chance.int(PAUSE_MS_MIN, PAUSE_MS_MAX))
      if (now() >= endsAt) break
      faults.push(await counted(kind, options))
    }
  }
  return faults
}

/** Servers that were given are left alone. */
export function kindsOf({ ground: { broker, embedded } }: Cluster): readonly FaultKind[] {
  return (Object.keys(ROUND) as FaultKind[]).filter(
    (kind) =>
      (kind !== 'kill the broker' || broker !== null) && (kind !== 'restart PostgreSQL' || embedded !== null),
  )
}

function roundOf({ cluster, chance }: NemesisOptions): readonly FaultKind[] {
  return chance.shuffled(kindsOf(cluster).flatMap((kind) => Array<FaultKind>(ROUND[kind]).fill(kind)))
}

async function counted(kind: FaultKind, options: NemesisOptions): Promise<Fault> {
  for (let tries = 1; ; tries += 1) {
    const fault = await play(kind, options)
    if (fault.moving > 0 || tries >= TRIES_MAX) return fault
    options.say(`${kind} met no moving saga and does not count`)
  }
}

async function play(kind: FaultKind, options: NemesisOptions): Promise<Fault> {
  const { cluster, moving, againCount, say } = options
  const before = againCount()
  const some = async (): Promise<number | undefined> => (await moving()) || undefined
  const count = (await poll(some, { withinMs: MOVING_MS_MAX, everyMs: POLL_MS })) ?? 0
  const at = now()
  say(kind)
  const victim = await strike(kind, options)
  const healingAt = kind === 'freeze one' ? now() : at
  if (!(await cluster.untilReady(RECOVERY_MS_MAX)))
    throw new NotRecovered(`not ready ${RECOVERY_MS_MAX} ms after: ${kind} ${victim}`)
  return {
    kind,
    victim,
    at,
    moving: count,
    recoveryMs: now() - healingAt,
    againCount: againCount() - before,
  }
}

/** Answers who it was. */
async function strike(kind: FaultKind, { cluster, chance, freezeMs }: NemesisOptions): Promise<string> {
  const { children, ground } = cluster
  switch (kind) {
    case 'kill one': {
      const one = pick(children, chance)
      one.signal('SIGKILL')
      return one.name
    }
    case 'freeze one': {
      const one = pick(children, chance)
      one.signal('SIGSTOP')
      try {
        await sleep(freezeMs)
      } finally {
        one.signal('SIGCONT')
      }
      return one.name
    }
    case 'restart PostgreSQL':
      // The immediate mode of a shutdown: as a crash, it ends in recovery. The cluster starts it again.
      if (ground.embedded !== null) process.kill(ground.embedded.pid, 'SIGQUIT')
      return 'PostgreSQL'
    case 'kill the broker':
      await ground.broker?.kill(1)
      return 'Kafka'
    case 'kill all services':
      for (const child of children) child.signal('SIGKILL')
      return `${children.length} processes`
    default:
      return kind satisfies never
  }
}

function pick(children: readonly Child[], chance: Chance): Child {
  const [first, ...others] = children
  if (first === undefined) throw new RangeError('a cluster without processes')
  return chance.pick([first, ...others])
}
