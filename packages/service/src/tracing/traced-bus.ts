// Owns: a bus that tells what was sent over it, with the time that the work behind it began.
// I1: only what was committed is told; a batch that is handled again is told once.
// I2: messages are passed on as they are, neither longer nor later.
import type { Message } from '@ensemble/core'
import type { Bus, Link } from '@ensemble/runtime'

/** Begins to measure; what it gives is called with what was sent when the work was over. */
export type Watch = () => (sent: readonly Message[]) => void

export function tracedBus(bus: Bus, watch: Watch): Bus {
  return { connect: async (what) => tracedLink(await bus.connect(what), watch) }
}

function tracedLink(link: Link, watch: Watch): Link {
  const { tellsAll } = link
  return {
    ...(tellsAll !== undefined && { tellsAll }),
    transaction: async (work) => {
      const over = watch()
      let sent: readonly Message[] = []
      const value = await link.transaction(async (tx) => {
        const done = await work(tx)
        sent = done.messages
        return done
      })
      over(sent)
      return value
    },
    receive: async (countMax, handle) => {
      let over: ReturnType<Watch> | undefined
      let sent: readonly Message[] = []
      const count = await link.receive(countMax, async (tx, batch) => {
        over = watch()
        sent = await handle(tx, batch)
        return sent
      })
      over?.(sent)
      return count
    },
    // The transaction is the caller's: if he rolls it back, a saga is told of that never was.
    put: async (tx, messages) => {
      const over = watch()
      await link.put(tx, messages)
      over(messages)
    },
    relay: () => link.relay(),
    onNews: (news) => link.onNews(news),
    close: () => link.close(),
  }
}
