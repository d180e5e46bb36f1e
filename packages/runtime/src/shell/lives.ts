// Owns: whether the process before this one ended by itself. A row counts lives that have begun; who stops removes it.
// Several instances count together: beside another that lives, a new one believes that somebody was killed; and who
// stops takes the row of those that live with it, so that the next one to be killed is not known of.
import type { Database } from '../ports.ts'

const PLACE = { topic: '!lives', partition: 0 }

/** Begins a life; true when one before it has not ended. */
export async function begin(database: Database): Promise<boolean> {
  const at = { ...PLACE, position: '' }
  return (await database.transaction((tx) => database.stores.progress.count(tx, at))) > 1
}

export async function end(database: Database): Promise<void> {
  await database.transaction((tx) => database.stores.progress.clear(tx, PLACE))
}
