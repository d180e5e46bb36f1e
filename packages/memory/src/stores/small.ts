// Owns: the small stores in memory: unique values, tries per position, plan versions and the horizon.
import type { Time } from '@ensemble/core'
import type { ClaimStore, ProgressStore, RegistryStore } from '@ensemble/runtime'
import { reading, writing } from '../home.ts'
import type { Home } from '../home.ts'
import { Table } from '../table.ts'
import type { MemoryTransaction } from '../transaction.ts'

export function claimStore(home: Home): ClaimStore {
  const table = new Table<{ readonly owner: string }>(home, 'claims')
  return {
    load: (tx, values) =>
      writing(tx, (open) => {
        const owners = new Map<string, string>()
        for (const value of values) {
          const claim = open.find(table, value)
          if (claim !== undefined) owners.set(value, claim.owner)
        }
        return owners
      }),
    insert: (tx, claims) =>
      writing(tx, (open) => {
        for (const { value, owner } of claims) open.insert(table, value, { owner })
      }),
    release: (tx, values) =>
      writing(tx, (open) => {
        for (const value of values) open.write(table, value, null)
      }),
  }
}

export function progressStore(home: Home): ProgressStore {
  const table = new Table<{ readonly position: string; readonly tries: number }>(home, 'progress')
  const keyOf = ({ topic, partition }: { topic: string; partition: number }): string =>
    JSON.stringify([topic, partition])
  return {
    count: (tx, at) =>
      writing(tx, (open) => {
        const last = open.find(table, keyOf(at))
        const tries = last?.position === at.position ? last.tries + 1 : 1
        open.write(table, keyOf(at), { position: at.position, tries })
        return tries
      }),
    clear: (tx, at) => writing(tx, (open) => open.write(table, keyOf(at), null)),
  }
}

const HORIZON = 'horizon'

export function registryStore(home: Home): RegistryStore {
  const versions = new Table<{ readonly fingerprint: string }>(home, 'plan versions')
  const horizons = new Table<{ readonly at: Time }>(home, 'horizon')
  const horizonOf = (tx: MemoryTransaction): Time => tx.find(horizons, HORIZON)?.at ?? 0
  return {
    plans: (tx, plans) =>
      writing(tx, (open) =>
        plans.map(({ name, version, fingerprint }) => {
          const key = JSON.stringify([name, version])
          const first = open.find(versions, key)
          if (first === undefined) open.insert(versions, key, { fingerprint })
          return { name, version, fingerprint: first?.fingerprint ?? fingerprint }
        }),
      ),
    horizon: (tx) => reading(tx, horizonOf),
    // Never back: what was pruned behind it must not be executed again.
    moveHorizon: (tx, to) =>
      writing(tx, (open) => open.write(horizons, HORIZON, { at: Math.max(to, horizonOf(open)) })),
  }
}
