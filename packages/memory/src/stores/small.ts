// Owns: the small stores in memory: unique values, tries per position, plan versions and the horizon.
import type { Time } from '@ensemble/core'
import type { ClaimStore, ProgressStore, RegistryStore } from '@ensemble/runtime'
import { reading, writing } from '../statement.ts'
import type { TableRef } from '../statement.ts'
import { compareText, deleted } from './versioned.ts'

export function claimStore(home: object): ClaimStore {
  const table: TableRef<{ readonly owner: string }> = { name: 'claims', home }
  return {
    load: (tx, values) =>
      writing(tx, (open) => {
        const owners = new Map<string, string>()
        for (const value of values.toSorted(compareText)) {
          const claim = open.lock(table, value)
          if (claim !== undefined) owners.set(value, claim.owner)
        }
        return owners
      }),
    insert: (tx, claims) =>
      writing(tx, (open) => {
        for (const { value, owner } of claims.toSorted((a, b) => compareText(a.value, b.value)))
          open.insert(table, value, { owner })
      }),
    release: (tx, values) =>
      writing(tx, (open) => {
        deleted(open, table, values)
      }),
  }
}

export function progressStore(home: object): ProgressStore {
  const table: TableRef<{ readonly position: string; readonly tries: number }> = { name: 'progress', home }
  const keyOf = ({ topic, partition }: { topic: string; partition: number }): string =>
    JSON.stringify([topic, partition])
  return {
    count: (tx, at) =>
      writing(tx, (open) => {
        const { position } = at
        const counted = open.upsert(table, keyOf(at), (last) => ({
          position,
          tries: last?.position === position ? last.tries + 1 : 1,
        }))
        return counted.tries
      }),
    clear: (tx, at) =>
      writing(tx, (open) => {
        deleted(open, table, [keyOf(at)])
      }),
  }
}

const HORIZON = 'horizon'

export function registryStore(home: object): RegistryStore {
  const versions: TableRef<{ readonly outline: string }> = { name: 'plan versions', home }
  const horizons: TableRef<{ readonly at: Time }> = { name: 'horizon', home }
  return {
    plans: async (tx, plans) => {
      const keyed = plans
        .map((plan) => ({ plan, key: JSON.stringify([plan.name, plan.version]) }))
        .sort((a, b) => compareText(a.key, b.key))
      await writing(tx, (open) => {
        for (const { plan, key } of keyed) open.offer(versions, key, { outline: plan.outline })
      })
      return await reading(tx, (open) =>
        keyed.flatMap(({ plan, key }) => {
          const stored = open.get(versions, key)
          return stored === undefined ? [] : [{ ...plan, outline: stored.outline }]
        }),
      )
    },
    horizon: (tx) => reading(tx, (open) => open.get(horizons, HORIZON)?.at ?? 0),
    // Never back: what was pruned behind it must not be executed again.
    moveHorizon: (tx, to) =>
      writing(tx, (open) => {
        open.upsert(horizons, HORIZON, (stored) => ({ at: Math.max(to, stored?.at ?? 0) }))
      }),
  }
}
