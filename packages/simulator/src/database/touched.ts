// Owns: what a statement has written, in words, for whoever reads a trace.
import type { Open, TableRef } from '@ensemble/memory'

/** Told by themselves, as messages, or of no interest to whoever reads about sagas. */
const SILENT = /^(?:log |plan versions|progress)/

export class Touched {
  readonly #changes = new Map<string, string[]>()

  /** E.g. `inserts operations order.place/1/openOrder/run; updates tb_orders 1`; empty when nothing was written. */
  get text(): string {
    return [...this.#changes].map(([what, keys]) => `${what} ${keys.join(' ')}`).join('; ')
  }

  over(open: Open): Open {
    const note = (verb: string, { name }: TableRef<object>, key: string): void => {
      if (SILENT.test(name)) return
      const keys = this.#changes.get(`${verb} ${name}`) ?? []
      this.#changes.set(`${verb} ${name}`, [...keys, key])
    }
    return {
      now: open.now,
      nextSequence: () => open.nextSequence(),
      get: (table, key) => open.get(table, key),
      pick: (table, keep) => open.pick(table, keep),
      inAnyOrder: (items) => open.inAnyOrder(items),
      inOrder: (table, keep, by) => open.inOrder(table, keep, by),
      lock: (table, key, keep) => open.lock(table, key, keep),
      lockFree: (table, key, keep) => open.lockFree(table, key, keep),
      insert: (table, key, row) => {
        open.insert(table, key, row)
        note('inserts', table, key)
      },
      offer: (table, key, row) => {
        note('offers', table, key)
        open.offer(table, key, row)
      },
      upsert: (table, key, merge) => {
        note('puts', table, key)
        return open.upsert(table, key, merge)
      },
      write: (table, key, row) => {
        open.write(table, key, row)
        note(row === null ? 'deletes' : 'updates', table, key)
      },
      atCommit: (effect) => open.atCommit(effect),
    }
  }
}
