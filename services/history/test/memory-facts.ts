// Owns: facts and outlines in memory, for the scenes that need no server.
import { fits, newestFirst, type Fact, type Outline } from '../storages/facts.ts'
import type { FactStore } from '../storages/folded.ts'

export interface MemoryFacts extends FactStore {
  everything(): string
}

export function memoryFacts(): MemoryFacts {
  const facts = new Map<string, Fact>()
  const outlines = new Map<string, Outline>()
  return {
    insert: async (rows) => {
      for (const row of rows) if (!facts.has(row.key)) facts.set(row.key, row)
    },
    read: async (subjects) => [...facts.values()].filter(({ subject }) => subjects.includes(subject)),
    put: async (rows) => {
      for (const row of rows)
        if ((outlines.get(row.subject)?.told ?? 0) < row.told) outlines.set(row.subject, row)
    },
    find: async ({ limit, offset, ...filter }) => {
      const found = [...outlines.values()].filter((outline) => fits(outline, filter)).sort(newestFirst)
      return { total: found.length, outlines: found.slice(offset, offset + limit) }
    },
    stale: async ({ before, countMax }) => {
      const old = [...outlines.values()].filter(({ kind, state, updatedAt }) => {
        return updatedAt < before && (kind === 'document' || state === 'ended')
      })
      return old.slice(0, countMax).map(({ subject }) => subject)
    },
    forget: async (subjects, before) => {
      for (const { key, subject, at } of facts.values())
        if (subjects.includes(subject) && (before === null || at < before)) facts.delete(key)
      for (const subject of subjects) outlines.delete(subject)
    },
    ping: async () => undefined,
    close: async () => undefined,
    everything: () => JSON.stringify([[...facts.values()], [...outlines.values()]]),
  }
}
