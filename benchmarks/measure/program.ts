// Owns: running one measurement as a process of its own, so that none leaves a heap to the next: what it says goes on,
// its last line is the result.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'

/** As a program printed it. */
export type Measured = Readonly<Record<string, unknown>>

/** Errors: what the program could not do; a result whose invariants do not hold is one, too. */
export async function runProgram(path: string, args: readonly string[]): Promise<Measured> {
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [code]] = await Promise.all([
    text(child.stdout),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  const measured = resultIn(output)
  if (code !== 0 || measured === undefined)
    throw new Error(`${toldOf(path, args)} ended with ${String(code)}: ${output.slice(-OUTPUT_SHOWN)}`)
  return measured
}

const OUTPUT_SHOWN = 2_000

/** For a report that others read: without this machine's paths, or who is let into its server. Pure. */
export function toldOf(path: string, args: readonly string[]): string {
  return [basename(path), ...args].join(' ').replaceAll(/:\/\/\S*/g, '://...')
}

/** The last line, if it is a JSON object. Pure. */
export function resultIn(output: string): Measured | undefined {
  const last = output.trimEnd().split('\n').at(-1) ?? ''
  try {
    const value: unknown = JSON.parse(last)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** A number of a result; NaN where there is none. Pure. */
export function numberAt(measured: Measured | null, name: string): number {
  const value = measured?.[name]
  return typeof value === 'number' ? value : Number.NaN
}
