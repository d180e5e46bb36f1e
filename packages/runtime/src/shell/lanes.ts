// Owns: the links of one host: one for each lane, so that batches of different partitions are handled side by side.
// I1: lanes are to each other what instances are: whatever holds for any number of them holds here.
import type { HostOptions } from '../host.ts'
import type { Link } from '../ports.ts'
import { onceMore } from './race.ts'
import type { Settings } from './settings.ts'

export type Links = readonly [Link, ...Link[]]

interface Wanted {
  readonly topics: readonly string[]
  readonly settings: Settings
}

/** What an observer records it is given in order, one batch after the other. */
export async function connected(
  { service, database, bus, observer }: HostOptions,
  { topics, settings }: Wanted,
): Promise<Links> {
  const count = observer === undefined && topics.length > 0 ? Math.min(settings.lanes, bus.lanesMax ?? 1) : 1
  const connect = (index: number): Promise<Link> =>
    onceMore(() => bus.connect({ service, database, topics, lane: { index, count } }))
  const first = await connect(0)
  const others: Link[] = []
  for (let index = 1; index < count; index += 1) others.push(await connect(index))
  return [first, ...others]
}
