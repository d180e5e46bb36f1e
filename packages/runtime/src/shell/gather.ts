// Owns: gathering single calls into batches by back-pressure: a lone call never waits, calls of one moment go together,
// and those that come while a batch is under way go in the next one. Where batches have lanes one more begins beside it
// once it would be large: this process decides on the one while the database works for the other.
import { errorInfo } from '../errors.ts'
import { Room } from './room.ts'

export interface GatherOptions<In> {
  readonly countMax: number
  /** Characters of an item, where items may be long: a batch is bounded in them, too. */
  readonly lengthOf?: (item: In) => number
  /** Batches side by side; one unless given. */
  readonly lanes?: Lanes
}

export interface Lanes {
  readonly count: number
  /** Calls that wait until a batch begins beside another one. */
  readonly waitingMin: number
}

const ONE_LANE: Lanes = { count: 1, waitingMin: 1 }

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
 * only that item. It is told its lane, from 0 on, in which it is alone.
 * A batch that fails as a whole is tried again one by one, so that one bad item fails alone.
 */
export function gathered<In, Out>(
  handle: Handle<In, Out>,
  { countMax, lengthOf = () => 0, lanes = ONE_LANE }: GatherOptions<In>,
): (item: In) => Promise<Out> {
  const queue: Waiting<In, Out>[] = []
  const idle = Array.from({ length: lanes.count }, (_, lane) => lane)
  const isWorthIt = (): boolean =>
    queue.length > 0 && (idle.length === lanes.count || queue.length >= lanes.waitingMin)
  const free = (): number | undefined => (isWorthIt() ? idle.pop() : undefined)
  let isDue = false
  const next = (): void => {
    isDue = false
    for (let lane = free(); lane !== undefined; lane = free()) void work(lane)
  }
  const work = async (lane: number): Promise<void> => {
    const items = queue.splice(0, new Room(countMax).takeFrom(queue))
    await answered(items, (some) => handle(some, lane))
    idle.push(lane)
    next()
  }
  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, length: lengthOf(item), resolve, reject })
      if (isDue) return
      isDue = true
      // Many are told of their ends at once and start anew: the first of them would be a batch by itself.
      queueMicrotask(next)
    })
}

type Handle<In, Out> = (items: readonly In[], lane: number) => Promise<readonly (Out | Error)[]>
type Own<In, Out> = (items: readonly In[]) => Promise<readonly (Out | Error)[]>

async function answered<In, Out>(items: readonly Waiting<In, Out>[], handle: Own<In, Out>): Promise<void> {
  if (items.length === 1) {
    await oneByOne(items, handle)
    return
  }
  try {
    const answers = await handle(items.map(({ item }) => item))
    for (const [index, waiting] of items.entries()) settle(waiting, answers[index])
  } catch (error) {
    // It may have been committed: tried again, each could be done twice.
    if (errorInfo(error).code === 'COMMIT_UNKNOWN') for (const waiting of items) waiting.reject(error)
    else await oneByOne(items, handle)
  }
}

async function oneByOne<In, Out>(items: readonly Waiting<In, Out>[], handle: Own<In, Out>): Promise<void> {
  let away: readonly unknown[] = []
  for (const waiting of items) {
    if (away.length >= AWAY_MAX) {
      waiting.reject(away.at(-1))
      continue
    }
    const failure = await one(waiting, handle)
    away = AWAY.has(errorInfo(failure).code) ? [...away, failure] : []
  }
}

/** Answers what it failed of; null when it did not. */
async function one<In, Out>(waiting: Waiting<In, Out>, handle: Own<In, Out>): Promise<unknown> {
  try {
    const [answer] = await handle([waiting.item])
    settle(waiting, answer)
    return null
  } catch (error) {
    waiting.reject(error)
    return error
  }
}

function settle<In, Out>(waiting: Waiting<In, Out>, answer: Out | Error | undefined): void {
  if (answer instanceof Error) waiting.reject(answer)
  else waiting.resolve(answer as Out)
}
