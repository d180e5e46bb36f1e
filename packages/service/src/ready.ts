// Owns: what a service's readiness depends on: its database, its read endpoint where it has one, the bus, and that it
// keeps up with what it reads.
// I1: each of them is told by its own name; what the bus cannot say because it is away is the bus's word alone.
import type { Check } from '@ensemble/http'
import type { Ground } from './grounds.ts'

interface Grounded extends Pick<Ground, 'pingBus' | 'pingReads' | 'lag'> {
  readonly database: { ping(): Promise<unknown> }
}

export function checksOf(
  { database, pingReads, pingBus, lag }: Grounded,
  lagCountMax: number,
): readonly Check[] {
  return [
    { name: 'database', probe: () => database.ping() },
    ...(pingReads === undefined ? [] : [{ name: 'database-reads', probe: pingReads }]),
    { name: 'bus', probe: pingBus },
    {
      name: 'lag',
      probe: async () => {
        const count = await lag().catch(() => 0)
        if (count > lagCountMax) throw new RangeError(`${count} messages behind, ${lagCountMax} at most`)
      },
    },
  ]
}
