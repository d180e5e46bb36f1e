// Owns: counting messages that were handed out again, as every process tells what it is handed (told-service.ts). Pure.
// I1: handed to one process twice is no trouble: the first batch of a partition is counted before it is handled.
import * as z from 'zod'

/** What a process sends: the places of one batch, `topic/partition/position`. */
export const Told = z.object({ delivered: z.array(z.string()) })

export interface Deliveries {
  hear(message: unknown, from: { readonly service: string; readonly pid: number }): void
  /** Messages that were handed out again so far. */
  againCount(): number
}

const TIMES_OF_ONE_MAX = 2

export function deliveries(): Deliveries {
  const last = new Map<string, { readonly pid: number; readonly times: number }>()
  let again = 0
  return {
    hear: (message, { service, pid }) => {
      const told = Told.safeParse(message)
      for (const place of told.data?.delivered ?? []) {
        const key = `${service} ${place}`
        const before = last.get(key)
        const times = before?.pid === pid ? before.times + 1 : 1
        last.set(key, { pid, times })
        if (before !== undefined && (before.pid !== pid || times > TIMES_OF_ONE_MAX)) again += 1
      }
    },
    againCount: () => again,
  }
}
