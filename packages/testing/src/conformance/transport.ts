// Owns: the conformance suite of transports: buses in another place than the service's database, one file per part.
import type { Transport } from '@ensemble/runtime'
import { describe } from 'vitest'
import { tripledRaw, tripledTransport } from './copies.ts'
import { deliveryScenes } from './transport-delivery.ts'
import { groupScenes } from './transport-groups.ts'
import { troubleScenes } from './transport-trouble.ts'
import { freshWorld } from './world.ts'

/** What a world cannot do is left out; the scenes about it are skipped. */
export interface TransportWorld {
  readonly transport: Transport
  /** Names of topics that nobody has used; each has at least two partitions. */
  readonly topics: readonly [string, string]
  /** Puts a text on the bus as it is, as a broken sender would. */
  readonly raw: (what: {
    readonly topic: string
    readonly key: string
    readonly text: string
  }) => Promise<void>
  /** While true, the bus refuses to move any position: `done` cannot succeed. */
  readonly refusePositions?: (isRefused: boolean) => void
  /**
   * Ends the sessions of those who hold something, as the server does with one that holds too long. Resolves when
   * others may have it.
   */
  readonly expire?: () => Promise<void>
  /** Stops the bus and starts it again, or cuts all connections to it. */
  readonly restart?: () => Promise<void>
  close(): Promise<void>
}

interface Suite {
  readonly name: string
  readonly open: () => Promise<TransportWorld>
}

/** Registers the scenes; `open` is called for each of them. Every batch has each message three times. */
export function transportConformance({ name, open }: Suite): void {
  describe(`${name} is a transport`, () => {
    const world = freshWorld(async (): Promise<TransportWorld> => {
      const opened = await open()
      return {
        ...opened,
        transport: tripledTransport(opened.transport),
        raw: tripledRaw(opened.raw),
        close: () => opened.close(),
      }
    })
    deliveryScenes(world)
    troubleScenes(world)
    groupScenes(world)
  })
}
