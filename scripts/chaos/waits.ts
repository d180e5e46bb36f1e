// Owns: how long sagas waited from one decision to the next, as history tells it, and which of them waited when
// something failed. Pure.
// I1: waiting for a customer's money is no wait; it begins when the money is there.

export interface Wait {
  readonly saga: string
  /** Epoch milliseconds. */
  readonly from: number
  readonly to: number
}

export interface Decision {
  readonly saga: string
  readonly seq: number
  readonly at: number
  /** Whether an outcome that comes later was announced. */
  readonly isDeferred: boolean
}

export interface Moments {
  /** In the order of their numbers, saga by saga. */
  readonly decisions: readonly Decision[]
  readonly startedAt: ReadonlyMap<string, number>
  readonly paidAt: ReadonlyMap<string, number>
}

export function waitsOf({ decisions, startedAt, paidAt }: Moments): readonly Wait[] {
  const last = new Map<string, Decision>()
  return decisions.flatMap((decision) => {
    const { saga, at: to } = decision
    const before = last.get(saga)
    last.set(saga, decision)
    const from = before === undefined ? startedAt.get(saga) : before.isDeferred ? paidAt.get(saga) : before.at
    // Clocks are one, but a transaction's time is that of its begin.
    return from === undefined || from >= to ? [] : [{ saga, from, to }]
  })
}

/** The sagas that waited at a moment, and how long after it the slowest of them went on. */
export function waitingAt(
  waits: readonly Wait[],
  at: number,
): { readonly sagas: readonly string[]; readonly delayMs: number } {
  const met = waits.filter(({ from, to }) => from <= at && at < to)
  return {
    sagas: [...new Set(met.map(({ saga }) => saga))],
    delayMs: Math.max(0, ...met.map(({ to }) => to - at)),
  }
}

export function longestOf(waits: readonly Wait[]): Wait | undefined {
  return waits.reduce<Wait | undefined>(
    (longest, wait) =>
      longest === undefined || wait.to - wait.from > longest.to - longest.from ? wait : longest,
    undefined,
  )
}
