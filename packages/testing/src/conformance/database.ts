// Owns: the conformance suite of databases: what every adapter of `Database` and its stores must do, one file per part.
import type { Database, Entries, Rows } from '@ensemble/runtime'
import { describe } from 'vitest'
import { messageStoreScenes } from './database-messages.ts'
import { operationScenes } from './database-operations.ts'
import { rowScenes } from './database-rows.ts'
import { sagaScenes } from './database-sagas.ts'
import { smallStoreScenes } from './database-small.ts'
import { transactionScenes } from './database-transactions.ts'
import { freshWorld } from './world.ts'

/** The state of the service's own rows in this suite. */
export interface Thing {
  readonly id: string
  readonly label: string
  readonly amount: number
}

export interface ThingEntry {
  readonly thingId: string
  readonly amount: number
}

export interface DatabaseWorld {
  /** Empty. */
  readonly database: Database
  /** A table of a service's own, key `id`, if the adapter offers `Rows`. */
  readonly rows?: Rows<Thing>
  /** An appended table of a service's own, and its committed content in any order. */
  readonly entries?: Entries<ThingEntry>
  readonly committedEntries?: () => Promise<readonly ThingEntry[]>
  close(): Promise<void>
}

/** Registers the scenes; `open` is called for each of them and gives an empty database. */
export function databaseConformance(suite: {
  readonly name: string
  readonly open: () => Promise<DatabaseWorld>
}): void {
  describe(`${suite.name} is a database`, () => {
    const world = freshWorld(suite.open)
    transactionScenes(world)
    operationScenes(world)
    sagaScenes(world)
    messageStoreScenes(world)
    smallStoreScenes(world)
    rowScenes(world)
  })
}
