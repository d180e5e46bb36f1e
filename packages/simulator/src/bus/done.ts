// Owns: noting what is handed to a bus and does not go over it, because it was done at home: nobody else sees it.
import { goesOut, type Message } from '@ensemble/core'
import type { Bus, Transaction } from '@ensemble/runtime'
import type { Process } from '../process.ts'
import type { BusRecord } from './record.ts'

interface Noted {
  readonly process: Process
  readonly record: BusRecord
}

/** The same bus, of which the record has what is done when its transaction has committed. */
export function noting(bus: Bus, { process, record }: Noted): Bus {
  const note = (tx: Transaction, messages: readonly Message[]): void => {
    const done = messages.filter((message) => !goesOut(message))
    if (done.length === 0) return
    tx.onCommit(() => {
      record.done.push(...done)
      for (const message of done) process.watch?.sent(process.name, message)
    })
  }
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      return {
        tellsAll: link.tellsAll ?? false,
        transaction: (work) =>
          link.transaction(async (tx) => {
            const said = await work(tx)
            note(tx, said.messages)
            return said
          }),
        receive: (countMax, handle) =>
          link.receive(countMax, async (tx, batch) => {
            const messages = await handle(tx, batch)
            note(tx, messages)
            return messages
          }),
        put: (tx, messages) => link.put(tx, messages),
        relay: () => link.relay(),
        onNews: (news) => link.onNews(news),
        close: () => link.close(),
      }
    },
  }
}
