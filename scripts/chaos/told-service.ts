// Owns: one service as a process of a chaos run: as anywhere, but it tells its supervisor which messages it handles.
import type { Bus, Link } from '@ensemble/runtime'
import type * as z from 'zod'
import { runService } from '../service.ts'
import type { Told } from './deliveries.ts'

function told(bus: Bus): Bus {
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      const receive: Link['receive'] = (countMax, handle) =>
        link.receive(countMax, async (tx, batch) => {
          const sent = await handle(tx, batch)
          const handled = batch.map(({ topic, partition, position }) => `${topic}/${partition}/${position}`)
          process.send?.({ handled } satisfies z.infer<typeof Told>)
          return sent
        })
      return {
        transaction: (work) => link.transaction(work),
        receive,
        put: (tx, messages) => link.put(tx, messages),
        relay: () => link.relay(),
        onNews: (news) => link.onNews(news),
        close: () => link.close(),
      }
    },
  }
}

await runService(process.argv.slice(2), told)
