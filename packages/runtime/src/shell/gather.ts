// Owns: gathering single calls into batches by back-pressure: a lone call never waits, calls that come while a
// batch is under way go together in the next one.
import { errorInfo } from '../errors.ts'
import { Room } from './room.ts'

export interface GatherOptions<In> {
  readonly countMax: number
  /** Characters of an item, where items may be long: a batch is bounded in them, too. */
  readonly lengthOf?: (item: In) => number
}

interface Waiting<In, Out> {
  readonly item: In
  readonly length: number
  readonly resolve: (value: Out) => void
  readonly reject: (error: unknown) => void
}

/** Codes of a database that is away, or of one item that waited for a lock in vain. */
const AWAY: ReadonlySet<string> = new Set(['CONNECTION', 'TIMEOUT', 'ENDED'])
/** So many in a row are no item's fault: whoever waits behind them would only wait longer for the same word. */
const AWAY_MAX = 2

/**
 * Turns a handler of batches into a function of one. The handler answers each item in order; an Error answers
 * only that item.
 * A batch that fails as a whole is tried again one by one, so that one bad item fails alone.
 */
export function gathered<In, Out>(
  handle: (items: readonly In[]) => Promise<readonly (Out | Error)[]>,
  { countMax, lengthOf = () => 0 }: GatherOptions<In>,
): (item: In) => Promise<Out> {
  let queue: Waiting<In, Out>[] = []
  let busy = false
  const settle = (waiting: Waiting<In, Out>, answer: Out | Error | undefined): void => {
    if (answer instanceof Error) waiting.reject(answer)
    else waiting.resolve(answer as Out)
  }
  const one = async (waiting: Waiting<In, Out>): Promise<unknown> => {
    try {
      const [answer] = await handle([waiting.item])
      settle(waiting, answer)
      return null
    } catch (error) {
      waiting.reject(error)
      return error
    }
  }
  const oneByOne = async (items: readonly Waiting<In, Out>[]): Promise<void> => {
    let away: readonly unknown[] = []
    for (const waiting of items) {
      if (away.length >= AWAY_MAX) {
        waiting.reject(away.at(-1))
        continue
      }
      const failure = await one(waiting)
      away = AWAY.has(errorInfo(failure).code) ? [...away, failure] : []
    }
  }
  const batch = async (items: readonly Waiting<In, Out>[]): Promise<void> => {
    if (items.length === 1 && items[0] !== undefined) {
      await one(items[0])
      return
    }
    try {
      const answers = await handle(items.map(({ item }) => item))
      for (const [index, waiting] of items.entries()) settle(waiting, answers[index])
    } catch (error) {
      // It may have been committed: tried again, each could be done twice.
      if (errorInfo(error).code === 'COMMIT_UNKNOWN') for (const waiting of items) waiting.reject(error)
      else await oneByOne(items)
    }
  }
  const drain = async (): Promise<void> => {
    busy = true
    while (queue.length > 0) {
      const count = new Room(countMax).takeFrom(queue)
      const items = queue.slice(0, count)
      queue = queue.slice(count)
      await batch(items)
    }
    busy = false
  }
  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, length: lengthOf(item), resolve, reject })
      if (!busy) void drain()
    })
}
