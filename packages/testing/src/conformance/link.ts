// Owns: the conformance suite of buses as hosts see them: links, whose messages and positions go with transactions; one
// file per part.
import type { Bus, Database } from '@ensemble/runtime'
import { describe } from 'vitest'
import { tripledBus, tripledRaw } from './copies.ts'
import { receiveScenes } from './link-receiving.ts'
import { sendScenes } from './link-sending.ts'
import { outboxScenes, shareScenes } from './link-sharing.ts'
import { freshWorld } from './world.ts'

export interface LinkWorld {
  readonly bus: Bus
  /** The one database of a service, empty at first; the same for the same name. */
  readonly database: (service: string) => Promise<Database>
  /** Names of topics that nobody has used; each has at least two partitions. */
  readonly topics: readonly [string, string]
  /** Puts a text on the bus as it is, as a broken sender would. */
  readonly raw: (what: {
    readonly topic: string
    readonly key: string
    readonly text: string
  }) => Promise<void>
  close(): Promise<void>
}

interface Suite {
  readonly name: string
  /** Whether messages wait in the database's outbox between commit and bus. */
  readonly hasOutbox: boolean
  readonly open: () => Promise<LinkWorld>
}

/** Registers the scenes; `open` is called for each of them. Every batch has each message three times. */
export function linkConformance({ name, hasOutbox, open }: Suite): void {
  describe(`${name} is a bus`, () => {
    const world = freshWorld(async (): Promise<LinkWorld> => {
      const opened = await open()
      return {
        ...opened,
        bus: tripledBus(opened.bus),
        raw: tripledRaw(opened.raw),
        close: () => opened.close(),
      }
    })
    sendScenes(world)
    receiveScenes(world)
    shareScenes(world)
    if (hasOutbox) outboxScenes(world)
  })
}
