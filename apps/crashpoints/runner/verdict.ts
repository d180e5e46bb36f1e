// Owns: what must be true of the books when one play is over. Pure.
// I1: it knows rows only; how the system comes to them is nothing to it.
// I2: every violation is one line that names the row; no violation is worth less than another.
import type { Pattern } from '@ensemble/core'
import { isScene, keyOf, SCENES, type Play, type Scene } from '../system/contracts.ts'
import type { Facts, Row } from './books.ts'

export function verdict(facts: Facts, play: Play, pattern: Pattern): readonly string[] {
  return [
    ...facts.broken.map(
      (row) => `broken: ${text(row, 'service')} ${text(row, 'place')} ${text(row, 'what')}`,
    ),
    ...garbageViolations(facts, play),
    ...ledgerViolations(facts),
    ...deedViolations(facts),
    ...play.acts
      .filter(isScene)
      .flatMap((scene) => sceneViolations(facts, { key: keyOf(play, scene), scene, pattern })),
  ]
}

function garbageViolations({ garbage }: Facts, { id, acts }: Play): readonly string[] {
  const count = Number(garbage[0]?.['letter_count'])
  return acts.includes('garbage') && count === 0 ? [`garbage: of ${id} there is no dead letter`] : []
}

interface Played {
  readonly key: string
  readonly scene: Scene
  readonly pattern: Pattern
}

function sceneViolations(facts: Facts, { key, scene, pattern }: Played): readonly string[] {
  const { plan, ends } = SCENES[scene]
  const started = facts.sagas.filter((row) => row['id'] === key)
  const [saga] = started
  if (saga === undefined || started.length > 1) return [`saga: ${key} has ${started.length} start rows`]
  const end = saga['status']
  const isAllowed = ends.some((allowed) => allowed === end)
  const expected = { plan, pattern, advanced: pattern === 'orchestration' ? end : null }
  if (!isAllowed || !isLike(saga, expected))
    return [`saga: ${JSON.stringify(saga)}, allowed: ${ends.join(', ')}`]
  return [
    ...historyViolations(facts, key, end),
    ...stepViolations(facts, { key, plan, isDone: end === 'completed' }),
    ...rowViolations(facts, key, rowOf(scene, key, end === 'completed')),
  ]
}

/** Numbers without a gap, one text for each, and one end, which is the last word. */
function historyViolations({ decisions }: Facts, key: string, end: unknown): readonly string[] {
  const own = decisions.filter((row) => row['saga'] === key)
  const violations = own.flatMap((row, index) =>
    row['seq'] === index + 1
      ? []
      : [`history: ${key} has ${text(row, 'seq')} as decision ${index + 1}: ${text(row, 'entries')}`],
  )
  const ended = own.flatMap((row, index) =>
    endsIn(row).map((status) => `${index === own.length - 1 ? 'at last' : 'too early'} ${status}`),
  )
  if (ended.join() !== `at last ${String(end)}`)
    violations.push(`history: ${key} ended ${ended.join(', then ')}`)
  return violations
}

function endsIn(row: Row): readonly string[] {
  const entries = JSON.parse(text(row, 'entries')) as readonly { type: string; status?: string }[]
  return entries.filter(({ type }) => type === 'ended').map(({ status }) => String(status))
}

/** Steps that leave something, by plan: in the ledger, or with a provider. */
const LEDGER_STEPS = {
  'parcel.send': ['reserve', 'file', 'collect', 'hand'],
  'letter.sign': ['reserve'],
  'favour.ask': ['reserve'],
} as const
const PROVIDER_STEPS = {
  'parcel.send': ['carry', 'tell'],
  'letter.sign': ['tell'],
  'favour.ask': ['guess', 'tell'],
} as const

type PlanName = keyof typeof LEDGER_STEPS

/** A completed saga has every step once, a compensated one has nothing left of any. */
function stepViolations(
  { entries, deeds }: Facts,
  { key, plan, isDone }: { key: string; plan: PlanName; isDone: boolean },
): readonly string[] {
  const own = entries.filter((row) => row['key'] === key)
  const net = (step: string): number =>
    own.filter((row) => row['step'] === step).reduce((sum, row) => sum + Number(row['amount']), 0)
  const stands = (step: string): number => {
    const reference = `${plan}/${key}/${step}/run`
    const words = deeds.filter((row) => row['reference'] === reference).map((row) => row['what'])
    return words.includes('do') && !words.includes('void') ? 1 : 0
  }
  const due = isDone ? 1 : 0
  return [
    ...LEDGER_STEPS[plan].map((step) => [step, net(step)] as const),
    ...PROVIDER_STEPS[plan].map((step) => [step, stands(step)] as const),
  ].flatMap(([step, found]) =>
    found === due ? [] : [`step: ${key} ${step} is there ${found} times, not ${due}`],
  )
}

/** No operation has its effect twice, and all of a saga act on what its first step answered. */
function ledgerViolations({ entries, rows }: Facts): readonly string[] {
  const tokenOf = new Map(rows.map((row) => [row['key'], row['token']]))
  const seen = new Set<unknown>()
  return entries.flatMap((row) => {
    const violations: string[] = []
    if (seen.has(row['operation'])) violations.push(`twice: ${JSON.stringify(row)}`)
    seen.add(row['operation'])
    if (row['token'] !== '' && row['token'] !== tokenOf.get(row['key']))
      violations.push(`token: ${JSON.stringify(row)}, the item has ${String(tokenOf.get(row['key']))}`)
    return violations
  })
}

/** A provider does what it is asked for once, and is asked under the key of the run that is to be done or undone. */
function deedViolations({ deeds }: Facts): readonly string[] {
  return deeds
    .filter(
      (row) => (row['what'] === 'do' && row['deed_count'] !== 1) || !text(row, 'reference').endsWith('/run'),
    )
    .map((row) => `provider: ${JSON.stringify(row)}`)
}

function rowViolations({ rows }: Facts, key: string, expected: Row): readonly string[] {
  const found = rows.filter((row) => row['key'] === key)
  const [row] = found
  if (row !== undefined && found.length === 1 && isLike(row, expected)) return []
  return [`rows: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`]
}

/** How the rows of a key look in the end. */
function rowOf(scene: Scene, key: string, isDone: boolean): Row {
  const bill: Readonly<Record<Scene, string>> = {
    paid: 'paid',
    refused: 'refused',
    unfiled: 'open',
    cancelled: 'withdrawn',
    unpaid: 'lapsed',
    signed: 'open',
    dropped: 'open',
    favoured: 'open',
    unsure: 'open',
  }
  const signature = { signed: 'signed', dropped: 'withdrawn' }
  return {
    item: isDone ? (scene === 'paid' ? 'handed' : 'reserved') : 'released',
    bill: bill[scene],
    signature: scene === 'signed' || scene === 'dropped' ? signature[scene] : null,
    claim: isDone ? `item/${key}` : null,
    is_filed: scene === 'paid',
  }
}

function isLike(row: Row, expected: Row): boolean {
  return Object.entries(expected).every(([column, value]) => row[column] === value)
}

function text(row: Row, column: string): string {
  return String(row[column])
}
