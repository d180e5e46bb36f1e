// Owns: what a signal does to a program: the first drains, the second ends it at once.
// I1: a signal that comes while the program still starts is obeyed as soon as there is something to stop.

export interface Program {
  stop(): Promise<void>
}

const EXIT_FORCED = 130

/**
 * Runs a program until it is told to stop; resolves when it has stopped. Errors of the start are the
 * caller's.
 */
export async function untilStopped(starting: Promise<Program>, say: (line: string) => void): Promise<void> {
  const told = Promise.withResolvers<void>()
  let signals = 0
  const hear = (signal: NodeJS.Signals): void => {
    signals += 1
    if (signals > 1) {
      say('stopping at once')
      process.exit(EXIT_FORCED)
    }
    say(`${signal}: finishing what is under way; once more to stop at once`)
    told.resolve()
  }
  process.on('SIGINT', hear)
  process.on('SIGTERM', hear)
  try {
    const program = await starting
    await told.promise
    await program.stop()
    say('stopped')
  } finally {
    process.off('SIGINT', hear)
    process.off('SIGTERM', hear)
  }
}
