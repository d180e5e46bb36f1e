// Owns: the list of crash points: how a run is recorded, what the committed list says, and how the two differ.
// I1: a point is a moment that a run really comes through; nobody writes one by hand.
import { readFile, writeFile } from 'node:fs/promises'
import { PATTERNS } from '@ensemble/core'
import { LAYOUTS } from '../system/layout.ts'
import type { Ground } from './ground.ts'
import { Lane, type Kind } from './lane.ts'

/**
 * When a point is reached: again and again (`warm`), only by a process that is new, at its start or at its first
 * message (`fresh`), or only by one that finds what another left when it died (`recovery`).
 */
export type Phase = 'warm' | 'fresh' | 'recovery'

export interface Point {
  readonly kind: Kind
  readonly phase: Phase
  /** `<verb>/<call>/<before | after | empty>` */
  readonly name: string
}

type Recorded = Readonly<Record<Phase, readonly string[]>>

const PHASES: readonly Phase[] = ['warm', 'fresh', 'recovery']
const LIST = new URL('../crashpoints.json', import.meta.url)

export const KINDS: readonly Kind[] = PATTERNS.flatMap((pattern) =>
  LAYOUTS.map((layout) => ({ pattern, layout })),
)

export function kindName({ pattern, layout }: Kind): string {
  return `${pattern} ${layout}`
}

export function pointName({ kind, name }: Point): string {
  return `${kindName(kind)} ${name}`
}

/** The death that a recovery is recorded after: with an outbox its row is left behind, too. */
export function pointBeforeRecovery({ pattern, layout }: Kind): string {
  const verb = pattern === 'choreography' ? 'travel' : 'perform'
  return layout === 'one' ? `${verb}/transaction.commit/before` : `${verb}/transport.send/before`
}

/** Runs a system of each kind, and lists what it came through. */
export async function recorded(ground: Ground): Promise<readonly Point[]> {
  return (await Promise.all(KINDS.map((kind) => recordedOf(ground, kind)))).flat()
}

async function recordedOf(ground: Ground, kind: Kind): Promise<readonly Point[]> {
  const lane = new Lane(ground, kind)
  try {
    // Two sets of keys come through every partition.
    const fresh = { ...(await lane.reached()), ...(await lane.reached()) }
    const warm = await lane.reached()
    const dead = { point: pointBeforeRecovery(kind), nth: 1, how: 'kill' } as const
    const { violations } = await lane.try({ isWarm: true, trips: [dead] })
    if (violations.length > 0) throw new Error(`the recorded death fails:\n${violations.join('\n')}`)
    const recovery = await lane.told()
    const phaseOf = (name: string): Phase =>
      warm[name] !== undefined ? 'warm' : fresh[name] !== undefined ? 'fresh' : 'recovery'
    const names = Object.keys({ ...fresh, ...warm, ...recovery }).sort()
    return names.map((name) => ({ kind, phase: phaseOf(name), name }))
  } finally {
    await lane.end()
  }
}

export async function listed(): Promise<readonly Point[]> {
  const list = JSON.parse(await readFile(LIST, 'utf8').catch(() => '{}')) as Record<string, Recorded>
  return KINDS.flatMap((kind) =>
    PHASES.flatMap((phase) =>
      (list[kindName(kind)]?.[phase] ?? []).map((name): Point => ({ kind, phase, name })),
    ),
  )
}

export async function writeList(points: readonly Point[]): Promise<void> {
  const list = Object.fromEntries(
    KINDS.map((kind) => {
      const own = points.filter((point) => kindName(point.kind) === kindName(kind))
      const names = (phase: Phase) => own.filter((point) => point.phase === phase).map(({ name }) => name)
      return [kindName(kind), Object.fromEntries(PHASES.map((phase) => [phase, names(phase).sort()]))]
    }),
  )
  await writeFile(LIST, `${JSON.stringify(list, null, 2)}\n`)
}

/** One line for each difference, with what to do about it; empty when the list is what a run comes through. */
export function differences(list: readonly Point[], run: readonly Point[]): readonly string[] {
  const full = (point: Point): string => `${pointName(point)} (${point.phase})`
  const inList = new Set(list.map(full))
  const inRun = new Set(run.map(full))
  const lines = [
    ...[...inRun].filter((name) => !inList.has(name)).map((name) => `no crash point yet: ${name}`),
    ...[...inList].filter((name) => !inRun.has(name)).map((name) => `never reached: ${name}`),
  ]
  if (lines.length === 0) return []
  return [...lines.sort(), 'write the list anew with `npm run crashpoints -- --record`, and run the new points']
}
