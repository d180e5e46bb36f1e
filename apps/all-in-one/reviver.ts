// Owns: looking after a server that the system needs while it runs: one that dies is started again on its port.
// The services meanwhile answer 503 and go on by themselves once it is back.
import type { EmbeddedServer } from '@ensemble/postgres'
import type { Clock } from '@ensemble/runtime'

const LOOK_MS = 500

export interface Reviver {
  /** Resolves when a start that is under way has ended. */
  stop(): Promise<void>
}

interface Keeping {
  /** Of the server, as people call it. */
  readonly name: string
  readonly clock: Clock
  readonly say: (line: string) => void
}

export function keepAlive(server: Pick<EmbeddedServer, 'revive'>, { name, clock, say }: Keeping): Reviver {
  const stopping = new AbortController()
  let lastSaid = ''
  const sayOnce = (line: string): void => {
    if (line !== lastSaid) say(line)
    lastSaid = line
  }
  const look = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        if (await server.revive()) {
          lastSaid = ''
          say(`${name} had died and was started again`)
        }
      } catch (error) {
        sayOnce(`${name} does not start: ${error instanceof Error ? error.message : String(error)}`)
      }
      await clock.sleep(LOOK_MS, stopping.signal)
    }
  }
  const looking = look()
  return {
    stop: async () => {
      stopping.abort()
      await looking
    },
  }
}
