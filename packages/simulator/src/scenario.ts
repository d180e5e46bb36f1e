// Owns: drawing one run from its seed: the shape of the system, its settings, how many sagas, and which faults are
// how likely. Some runs have no faults, some only one kind.
import type { Chance } from './chance.ts'
import { FAULTS, type FaultKind, type FaultWeights } from './faults.ts'
import type { Shape } from './system.ts'

export interface Scenario {
  readonly shape: Shape
  readonly weights: FaultWeights
  readonly sagaCount: number
  /** Sagas begin at once and meet at the same rows. */
  readonly isCrowded: boolean
  /** Virtual time that passes after all has ended, before everything is read once more; 0 for none, milliseconds. */
  readonly longMs: number
  /** Virtual time until everything is healed, milliseconds. */
  readonly troubleMs: number
}

/** How often a fault happens where it happens often: per statement, call, message or second. */
const HEAVY: Readonly<Record<FaultKind, number>> = {
  'crash before call': 0.004,
  'crash after call': 0.004,
  'crash loop': 0.03,
  'host lost': 0.01,
  pause: 0.02,
  'pause in a call': 0.002,
  'pause at a provider': 0.3,
  'clock jump': 0.05,
  'connection lost': 0.01,
  'commit unknown': 0.03,
  serialization: 0.02,
  'lock dropped': 0.05,
  'database restart': 0.02,
  'slow statement': 0.01,
  'database clock jump': 0.05,
  'send fails': 0.05,
  'send unknown': 0.05,
  'sent twice': 0.1,
  'message lost': 0.08,
  'done lost': 0.2,
  'offsets lost': 0.05,
  rebalance: 0.1,
  'news lost': 0.5,
  poison: 1,
}

/** Drawn last, and in this order: seeds of before draw what they drew. */
type Late = 'isOwn' | 'takesPart' | 'isTogether'

const CLOCKS = 'database clock jump'
const FIRST = FAULTS.filter((kind) => kind !== CLOCKS) as [FaultKind, ...FaultKind[]]

/** The horizon follows at an hour's distance, and pruning comes once an hour. */
const RETENTION_MS = 2 * 3_600_000
const LONG_MS = 5 * 3_600_000

export function drawScenario(chance: Chance): Scenario {
  // What is pruned after hours is read again: nothing of it may be done again.
  const isLong = chance.hit(0.04)
  const isCrowded = chance.hit(0.25)
  const everyMs = (often: readonly [number, ...number[]]): number =>
    isLong ? 20 * 60_000 : chance.pick(often)
  const drawn: Omit<Scenario, 'shape'> & { readonly shape: Omit<Shape, Late> } = {
    longMs: isLong ? LONG_MS : 0,
    shape: {
      layout: chance.pick(['shared', 'separate']),
      isolation: chance.hit(0.25) ? chance.pick(['repeatable read', 'serializable']) : 'read committed',
      instances: isCrowded || chance.hit(0.4) ? 2 : chance.pick([1, 1, 3]),
      partitionCount: isCrowded ? 3 : chance.int(1, 3),
      latencyMsMax: chance.pick([2, 10, 40]),
      interleaved: isCrowded ? 1 : chance.pick([0, 0.2, 1]),
      observes: chance.hit(0.3),
      settings: {
        retry: {
          delayMsMin: chance.int(50, 200),
          delayMsMax: chance.int(1_000, 4_000),
          attemptsMax: chance.int(2, 5),
        },
        overdueAfterMs: chance.int(3_000, 12_000),
        batchCountMax: chance.pick([1, 5, 50]),
        pollMs: everyMs([700, 1_500, 5_000]),
        sweepMs: everyMs([1_500, 5_000, 15_000]),
        operationRetentionMs: isLong ? RETENTION_MS : 30 * 86_400_000,
      },
    },
    weights: drawWeights(chance),
    sagaCount: isCrowded ? chance.int(5, 9) : chance.int(1, 8),
    isCrowded,
    troubleMs: chance.int(5_000, 25_000),
  }
  const shape = { ...drawn.shape, isOwn: chance.hit(0.35), takesPart: chance.hit(0.4) }
  const weights = withClocks(drawn.weights, chance)
  const isTogether = shape.layout === 'shared' && !chance.hit(0.6)
  return { ...drawn, shape: { ...shape, isTogether }, weights }
}

/** Not where there is one kind, or none. */
function withClocks(weights: FaultWeights, chance: Chance): FaultWeights {
  const isMixed = Object.keys(weights).length > 1
  return isMixed && chance.hit(0.2) ? { ...weights, [CLOCKS]: HEAVY[CLOCKS] } : weights
}

function drawWeights(chance: Chance): FaultWeights {
  const manner = chance.pick(['calm', 'one kind', 'some kinds', 'many kinds'])
  if (manner === 'calm') return {}
  if (manner === 'one kind') {
    const kind = chance.pick(FIRST)
    return { [kind]: HEAVY[kind] * 2 }
  }
  const share = manner === 'some kinds' ? 0.2 : 0.6
  const weights: Partial<Record<FaultKind, number>> = {}
  for (const kind of FIRST) if (chance.hit(share)) weights[kind] = HEAVY[kind] * chance.pick([0.2, 1, 2])
  return weights
}
