// Owns: counting messages that were handled again, as every process tells what it handles (told-service.ts). Pure.
// I1: only what was decided about counts: a batch that is handed back unread, because it must be counted first, is told
// by nobody.
import * as z from 'zod'

/** What a process sends: the places of one batch, `topic/partition/position`. */
export const Told = z.object({ handled: z.array(z.string()) })

export interface Deliveries {
  readonly hear: (message: unknown, from: { readonly service: string }) => void
  /** Messages that were handled again so far. */
  readonly againCount: () => number
}

export function deliveries(): Deliveries {
  const known = new Set<string>()
  let again = 0
  return {
    hear: (message, { service }) => {
      for (const place of Told.safeParse(message).data?.handled ?? []) {
        const key = `${service} ${place}`
        if (known.has(key)) again += 1
        known.add(key)
      }
    },
    againCount: () => again,
  }
}
