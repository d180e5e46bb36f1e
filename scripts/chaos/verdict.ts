// Owns: what must be true of a chaos run beyond the books: how long sagas waited when one of two instances was killed,
// that none failed for it, and what is told of each fault. Pure.
import type { Ended } from './moments.ts'
import type { Fault } from './nemesis.ts'
import { longestOf, waitingAt, type Wait } from './waits.ts'

export interface FaultTold extends Fault {
  /** Sagas in flight, as history tells it. */
  readonly sagas: readonly string[]
  /** How long after the fault the slowest of them went on. */
  readonly delayMs: number
}

export interface Told {
  readonly faults: readonly FaultTold[]
  readonly longest: Wait | undefined
  readonly violations: readonly string[]
}

export interface Heard {
  readonly faults: readonly Fault[]
  readonly waits: readonly Wait[]
  readonly ends: readonly Ended[]
  /** A saga that waits when one of two instances is killed goes on within this. */
  readonly delayMsMax: number
}

export function tell({ faults, waits, ends, delayMsMax }: Heard): Told {
  const failed = new Map(ends.flatMap((end) => (failureOf(end) === undefined ? [] : [[end.saga, end]])))
  const told = faults.map((fault) => ({ ...fault, ...waitingAt(waits, fault.at) }))
  const violations = told
    .filter(({ kind }) => kind === 'kill one')
    .flatMap(({ victim, sagas, delayMs }) => [
      ...(delayMs < delayMsMax
        ? []
        : [
            `delay: a saga waited ${Math.round(delayMs)} ms when ${victim} was killed, not below ${delayMsMax}`,
          ]),
      ...sagas
        .flatMap((saga) => failed.get(saga) ?? [])
        .map((end) => `failed: ${end.saga} when ${victim} was killed: ${String(failureOf(end))}`),
    ])
  return { faults: told, longest: longestOf(waits), violations }
}

/** Why a saga ended that no rule of the business ended. */
function failureOf({ status, data }: Ended): string | undefined {
  if (status !== 'compensated') return undefined
  const because = /"because":(\{"step":"(\w+)","status":"(\w+)"(?:,"reason":"(\w+)")?)/.exec(data)
  const [, text, step, why, reason] = because ?? []
  const isLate = why === 'rejected' && reason === 'expired' && step !== 'collectPayment'
  return why === 'faulted' || why === 'unknown' || isLate ? text : undefined
}

export function linesOf({ faults, longest }: Told): readonly string[] {
  const head = ['fault', 'victim', 'in flight', 'redelivered', 'recovery s', 'slowest s']
  const rows = faults.map(({ kind, victim, sagas, moving, againCount, recoveryMs, delayMs }) => [
    moving > 0 ? kind : `(${kind})`,
    victim,
    String(sagas.length),
    String(againCount),
    seconds(recoveryMs),
    seconds(delayMs),
  ])
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => (row[at] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
  const stall = longest === undefined ? 'none' : `${seconds(longest.to - longest.from)} s (${longest.saga})`
  return [line(head), ...rows.map(line), `longest stall: ${stall}`]
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1)
}
