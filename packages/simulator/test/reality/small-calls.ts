// Owns: the calls about unique values, tries per position, plan versions, the horizon, and a service's own tables.
import { LONG_AGO, pairs, PLAN, some, type Draw, type Family, type Thing } from './calls.ts'

const CLAIMS = ['v1', 'v2', 'v3']

export const claimCalls: Family = {
  insert: ({ chance, next }) => {
    const claims = some(chance, CLAIMS).map((value) => ({ value, owner: `u${next()}` }))
    return {
      text: `claims.insert ${pairs(claims.map(({ value, owner }) => [value, owner]))}`,
      run: ({ stores, tx }) => stores.claims.insert(tx, claims),
    }
  },
  others: [
    ({ chance }) => {
      const values = some(chance, CLAIMS)
      return {
        text: `claims.load ${values.join(' ')}`,
        run: async ({ stores, tx }) => [...(await stores.claims.load(tx, values))],
      }
    },
    ({ chance }) => {
      const values = some(chance, CLAIMS)
      return {
        text: `claims.release ${values.join(' ')}`,
        run: ({ stores, tx }) => stores.claims.release(tx, values),
      }
    },
  ],
  look: { text: 'claims', run: async ({ stores, tx }) => [...(await stores.claims.load(tx, CLAIMS))] },
}

export const progressCalls: Family = {
  insert: ({ chance }) => {
    const at = { topic: 't', partition: chance.int(0, 1), position: String(chance.int(1, 2)) }
    return {
      text: `progress.count partition ${at.partition} at ${at.position}`,
      run: ({ stores, tx }) => stores.progress.count(tx, at),
    }
  },
  others: [
    ({ chance }) => {
      const at = { topic: 't', partition: chance.int(0, 1) }
      return {
        text: `progress.clear partition ${at.partition}`,
        run: ({ stores, tx }) => stores.progress.clear(tx, at),
      }
    },
  ],
  look: {
    text: 'progress',
    run: async ({ stores, tx }) => [
      await stores.progress.count(tx, { topic: 't', partition: 0, position: '1' }),
      await stores.progress.count(tx, { topic: 't', partition: 1, position: '1' }),
    ],
  },
}

const VERSIONS = ['1', '2']

export const planCalls: Family = {
  insert: ({ chance, next }) => {
    const plans = some(chance, VERSIONS).map((version) => ({
      name: PLAN,
      version: Number(version),
      outline: `f${next()}`,
    }))
    return {
      text: `registry.plans ${pairs(plans.map(({ version, outline }) => [String(version), outline]))}`,
      isLong: true,
      run: ({ stores, tx }) => stores.registry.plans(tx, plans),
    }
  },
  others: [],
  look: {
    text: 'plans',
    run: ({ stores, tx }) =>
      stores.registry.plans(
        tx,
        VERSIONS.map((version) => ({ name: PLAN, version: Number(version), outline: 'none' })),
      ),
  },
}

export const horizonCalls: Family = {
  insert: ({ chance }) => {
    const to = LONG_AGO + chance.int(1, 9)
    return {
      text: `registry.moveHorizon ${to}`,
      run: ({ stores, tx }) => stores.registry.moveHorizon(tx, to),
    }
  },
  others: [() => ({ text: 'registry.horizon', run: ({ stores, tx }) => stores.registry.horizon(tx) })],
  look: { text: 'horizon', run: ({ stores, tx }) => stores.registry.horizon(tx) },
}

const THINGS = ['t1', 't2', 't3']

function states({ chance, next }: Draw): { key: string; state: Thing }[] {
  return some(chance, THINGS).map((id) => ({ key: id, state: { id, amount: next() } }))
}

function shown(rows: readonly { state: Thing }[]): string {
  return pairs(rows.map(({ state }) => [state.id, state.amount]))
}

export const rowCalls: Family = {
  insert: (draw) => {
    const given = states(draw)
    return { text: `rows.insert ${shown(given)}`, run: ({ rows, tx }) => rows.insert(tx, given) }
  },
  others: [
    ({ chance }) => {
      const keys = some(chance, THINGS)
      return {
        text: `rows.load ${keys.join(' ')}`,
        run: async ({ rows, tx }) => [...(await rows.load(tx, keys)).values()],
      }
    },
    (draw) => {
      const given = states(draw)
      return { text: `rows.update ${shown(given)}`, run: ({ rows, tx }) => rows.update(tx, given) }
    },
  ],
  look: { text: 'rows', run: async ({ rows, tx }) => [...(await rows.load(tx, THINGS)).values()] },
}

export const entryCalls: Family = {
  insert: ({ chance, next }) => {
    const given = some(chance, ['e1', 'e2', 'e3', 'e4']).map((id) => ({ id, amount: next() }))
    return {
      text: `entries.append ${pairs(given.map(({ id, amount }) => [id, amount]))}`,
      run: ({ entries, tx }) => entries.append(tx, given),
    }
  },
  others: [],
  // No port reads entries: each side says what is left.
  look: { text: 'nothing of entries', run: async () => undefined },
}
