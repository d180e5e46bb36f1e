// Owns: time for whoever audits a run: what it is, and waiting.

export function now(): number {
  return Date.now()
}

export async function sleep(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** Asks until there is an answer; undefined when there is none in time. */
export async function poll<T>(
  ask: () => Promise<T | undefined>,
  { withinMs, everyMs }: { readonly withinMs: number; readonly everyMs: number },
): Promise<T | undefined> {
  const end = now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined || now() >= end) return answer
    await sleep(everyMs)
  }
}
