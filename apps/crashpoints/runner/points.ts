// Owns: the list of crash points: how a run is recorded, what the committed list says, and how the two differ.
// I1: a point is a moment that a run really comes through; nobody writes one by hand.
import { readFile, writeFile } from 'node:fs/promises'
import { PATTERNS } from '@ensemble/core'
import { LAYOUTS } from '../system/layout.ts'
import { ACTS, type Act } from '../system/contracts.ts'
import type { Ground } from './ground.ts'
import { Lane, type Kind, type Phase } from './lane.ts'

export interface Point {
  readonly kind: Kind
  /** `recovery`: only by a process that finds what another left when it died. */
  readonly phase: Phase | 'recovery'
  /** `<verb>/<call>/<before | after | empty>` */
  readonly name: string
  /** What has to be played to come there. */
  readonly act: Act
  /** How often one play of that comes there. */
  readonly count: number
}

/** Alone, so that it is its batch which dies. */
const RECOVERED_ACT: Act = 'paid'

const LIST = new URL('../crashpoints.json', import.meta.url)

const KINDS: readonly Kind[] = PATTERNS.flatMap((pattern) => LAYOUTS.map((layout) => ({ pattern, layout })))

export function kindName({ pattern, layout }: Kind): string {
  return `${pattern} ${layout}`
}

export function pointName({ kind, name }: Point): string {
  return `${kindName(kind)} ${name}`
}

/**
 * The death that a recovery is recorded after: of a process that is new, whose first batches are counted. With an
 * outbox its row is left behind, too.
 */
export function pointBeforeRecovery({ pattern, layout }: Kind): string {
  const verb = pattern === 'choreography' ? 'travel' : 'perform'
  return layout === 'one' ? `${verb}/transaction.commit/before` : `${verb}/transport.send/before`
}

/** Runs a system of each kind, two at a time, and lists what they came through. */
export async function recorded(ground: Ground): Promise<readonly Point[]> {
  const byPattern = PATTERNS.map(async (pattern) => {
    const points: Point[] = []
    for (const kind of KINDS) if (kind.pattern === pattern) points.push(...(await recordedOf(ground, kind)))
    return points
  })
  return (await Promise.all(byPattern)).flat()
}

type Reached = Readonly<Record<string, number>>

async function recordedOf(ground: Ground, kind: Kind): Promise<readonly Point[]> {
  const lane = new Lane(ground, kind)
  try {
    const first = await lane.reached(ACTS)
    const warm: [act: Act, reached: Reached][] = []
    for (const act of ACTS) warm.push([act, await lane.reached([act])])
    const death = { point: pointBeforeRecovery(kind), nth: 1, how: 'kill' } as const
    const { violations } = await lane.try({ on: 'fresh', trips: [death], acts: [RECOVERED_ACT] })
    if (violations.length > 0) throw new Error(`the recorded death fails:\n${violations.join('\n')}`)
    const second = await lane.told()
    const names = new Set([first, second, ...warm.map(([, reached]) => reached)].flatMap(Object.keys))
    return [...names].sort().map((name): Point => {
      const found = warm.find(([, reached]) => reached[name] !== undefined)
      if (found !== undefined) return { kind, name, phase: 'warm', act: found[0], count: found[1][name] ?? 1 }
      return { kind, name, phase: phaseOf(name, { first, second }), act: RECOVERED_ACT, count: 1 }
    })
  } finally {
    await lane.end()
  }
}

/** Of what only a process that is new comes through. */
function phaseOf(name: string, { first, second }: { first: Reached; second: Reached }): Point['phase'] {
  if (first[name] === undefined) return 'recovery'
  return second[name] === undefined ? 'first' : 'fresh'
}

/** The committed list: names by kind. */
export type List = Readonly<Record<string, readonly string[]>>

async function readList(): Promise<List> {
  return JSON.parse(await readFile(LIST, 'utf8')) as List
}

export async function writeList(points: readonly Point[]): Promise<void> {
  await writeFile(LIST, `${JSON.stringify(listOf(points), null, 2)}\n`)
}

export function listOf(points: readonly Point[]): List {
  const byKind = Map.groupBy(points, ({ kind }) => kindName(kind))
  const lists = [...byKind].map(([kind, own]) => [kind, own.map(({ name }) => name).sort()] as const)
  return Object.fromEntries(lists.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * Where the list differs from a run it is compared with one more: what a busy machine makes a run do once, or leave out
 * once, is no difference. One line for each that is, and what to do about it.
 */
export async function checkedList(ground: Ground, points: readonly Point[]): Promise<readonly string[]> {
  const list = await readList()
  const once = differences(list, listOf(points))
  if (once.length === 0) return []
  const twice = new Set(differences(list, listOf(await recorded(ground))))
  const lines = once.filter((line) => twice.has(line))
  return lines.length === 0 ? [] : [...lines, 'to write the list anew: npm run crashpoints -- --record']
}

export function differences(list: List, run: List): readonly string[] {
  const full = (one: List): ReadonlySet<string> =>
    new Set(Object.entries(one).flatMap(([kind, names]) => names.map((name) => `${kind} ${name}`)))
  const inList = full(list)
  const inRun = full(run)
  return [
    ...[...inRun].filter((name) => !inList.has(name)).map((name) => `not in the list: ${name}`),
    ...[...inList].filter((name) => !inRun.has(name)).map((name) => `never reached: ${name}`),
  ].sort()
}
