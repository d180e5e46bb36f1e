// Owns: the parent's side of a service that is a process of its own.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Tally } from '../measure/tally.ts'
import type { Seat } from './host.ts'

export interface Child {
  tally(): Promise<Tally>
  stop(): Promise<void>
  /** SIGKILL: it has no word in it. */
  kill(): Promise<void>
}

const PROGRAM = fileURLToPath(new URL('./service-process.ts', import.meta.url))

/** Resolves when the service is ready. */
export async function startChild(seat: Seat): Promise<Child> {
  const child = fork(PROGRAM, [JSON.stringify(seat)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process of ${seat.service} ended with ${String(code)}`)
  })
  // Heard where somebody waits for it; nobody may be waiting when it ends.
  ended.catch(() => undefined)
  const answer = async (): Promise<unknown> => {
    const answered: readonly unknown[] = await Promise.race([once(child, 'message'), ended])
    return answered[0]
  }
  await answer()
  return {
    tally: async () => {
      const answered = answer()
      child.send('tally')
      return (await answered) as Tally
    },
    stop: async () => {
      if (child.connected) child.send('stop')
      await ended.catch(() => undefined)
    },
    kill: async () => {
      child.kill('SIGKILL')
      await ended.catch(() => undefined)
    },
  }
}
