// Owns: hearing everything that a system in this process tells: its channels, the console, warnings.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { vi } from 'vitest'
import type { Tables } from './tables.ts'

export interface Hearing {
  readonly heard: string[]
  readonly say: (line: string) => void
  stop(): void
}

const VERBS = [
  'start',
  'relay',
  'receive',
  'perform',
  'advance',
  'effect',
  'wake',
  'record',
  'prune',
  'error',
]
const CONSOLE = ['log', 'error', 'warn', 'info', 'debug'] as const

export function hearEverything(): Hearing {
  const heard: string[] = []
  const hear = (told: unknown): void => void heard.push(inspect(told, { depth: 12, maxStringLength: null }))
  for (const verb of VERBS) subscribe(`ensemble:${verb}`, hear)
  for (const method of CONSOLE) vi.spyOn(console, method).mockImplementation(hear)
  process.on('warning', hear)
  return {
    heard,
    say: (line) => void heard.push(line),
    stop: () => {
      for (const verb of VERBS) unsubscribe(`ensemble:${verb}`, hear)
      process.off('warning', hear)
      vi.restoreAllMocks()
    },
  }
}

/** What PostgreSQL itself wrote; `instead` where the server is not the tests' own, whose log nobody here can read. */
export async function serverLog(tables: Tables, instead = ''): Promise<string> {
  if ((process.env['ENSEMBLE_TEST_DATABASE_URL'] ?? '') !== '') return instead
  const [row] = await tables.rows('bus', 'SHOW data_directory')
  return await readFile(join(String(row?.['data_directory']), '../server.log'), 'utf8')
}
