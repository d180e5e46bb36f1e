// Owns: the calls about operations, sagas and starts.
import type { SagaState } from '@ensemble/core'
import type { OperationRow, OperationStatus, SagaRow, StartEnd, StartRow } from '@ensemble/runtime'
import { dueAt, FAR_AWAY, HOUR_MS, LONG_AGO, pairs, PLAN, some } from './calls.ts'
import type { At, Call, Draw, Family } from './calls.ts'

const STATUSES: readonly [OperationStatus, ...OperationStatus[]] = [
  'set_aside',
  'set_aside',
  'calling',
  'deferred',
  'succeeded',
  'rejected',
]
const OPERATIONS = ['o1', 'o2', 'o3', 'o4']
const OWNERS = ['mail', 'sms'] as const

function operation(draw: Draw, id: string): OperationRow {
  const { chance, next } = draw
  const status = chance.pick(STATUSES)
  return {
    id,
    status,
    owner: id < 'o3' ? 'mail' : 'sms',
    key: 'k',
    attempt: 0,
    origin: null,
    sent: null,
    wish: null,
    again: next(),
    dueAt: status === 'set_aside' || status === 'calling' ? dueAt(draw) : null,
    doubt: false,
    parked: chance.hit(0.1) ? 'PLAN_THROWS' : null,
    version: 0,
  }
}

function operations(draw: Draw, countMax: number): OperationRow[] {
  return some(draw.chance, OPERATIONS)
    .slice(0, countMax)
    .map((id) => operation(draw, id))
}

function shown(rows: readonly OperationRow[]): string {
  return pairs(rows.map(({ id, status, parked }) => [id, parked === null ? status : `${status}, parked`]))
}

async function loadOperations(
  { stores, tx, seen }: At,
  what: Parameters<At['stores']['operations']['load']>[1],
): Promise<unknown> {
  const rows = await stores.operations.load(tx, what)
  for (const { id, version } of rows) seen.set(id, version)
  return rows.map(plainDue)
}

/** What a claim makes due depends on the time of day. */
function plainDue(row: OperationRow): unknown {
  const { dueAt: at } = row
  return at === null || at < LONG_AGO + HOUR_MS || at >= FAR_AWAY ? row : { ...row, dueAt: 'in an hour' }
}

/** As the engine updates: with the version that the transaction has read; or with a guess, where it read none. */
function versioned<Row extends { readonly id: string; readonly version: number }>(
  rows: readonly Row[],
  { seen }: At,
  guess: number,
): Row[] {
  return rows.map((row) => ({ ...row, version: seen.get(row.id) ?? guess }))
}

export const operationCalls: Family = {
  insert: (draw) => {
    const rows = operations(draw, OPERATIONS.length)
    return {
      text: `operations.insert ${shown(rows)}`,
      run: ({ stores, tx }) => stores.operations.insert(tx, rows),
    }
  },
  others: [
    ({ chance }) => {
      const ids = some(chance, OPERATIONS)
      const deferredOf = chance.hit(0.3) ? [{ owner: chance.pick(OWNERS), key: 'k' }] : []
      return {
        text: `operations.load ${[...ids, ...deferredOf.map(({ owner }) => `deferred of ${owner}`)].join(' ')}`,
        run: (at) => loadOperations(at, { ids, deferredOf }),
      }
    },
    (draw) => {
      const rows = operations(draw, 2)
      const guess = draw.chance.int(1, 2)
      return {
        text: `operations.update ${shown(rows)} at the version seen, or ${guess}`,
        run: (at) => at.stores.operations.update(at.tx, versioned(rows, at, guess)),
      }
    },
    ({ chance }) => {
      const owners = some(chance, OWNERS)
      const countMax = chance.int(1, 3)
      return {
        text: `operations.claimDue ${owners.join(' ')} at most ${countMax}`,
        isSerial: false,
        run: async ({ stores, tx, seen }) => {
          const rows = await stores.operations.claimDue(tx, { owners, leaseMs: HOUR_MS, countMax })
          for (const { id, version } of rows) seen.set(id, version)
          // In no order that is promised.
          return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(plainDue)
        },
      }
    },
    ({ chance }) => {
      const countMax = chance.int(1, 4)
      const before = chance.hit(0.8) ? FAR_AWAY : LONG_AGO
      return {
        text: `operations.prune ${before === FAR_AWAY ? 'everything' : 'nothing'} at most ${countMax}`,
        isSerial: false,
        run: ({ stores, tx }) => stores.operations.prune(tx, { before, countMax }),
      }
    },
  ],
  look: { text: 'operations', run: (at) => loadOperations(at, { ids: OPERATIONS, deferredOf: [] }) },
}

const SAGAS = ['s1', 's2', 's3'] as const

function keysOf(ids: readonly string[]): { plan: string; id: string }[] {
  return ids.map((id) => ({ plan: PLAN, id }))
}

function sagaRow({ chance, next }: Draw, id: string): SagaRow {
  const parked = chance.hit(0.2) ? 'PLAN_THROWS' : null
  const state: SagaState = {
    version: 1,
    fingerprint: 'f',
    saga: { plan: PLAN, id, pattern: 'orchestration' },
    input: null,
    results: {},
    seq: next(),
    startedAt: LONG_AGO,
    phase: chance.hit(0.5)
      ? { at: 'completed', endedAt: LONG_AGO }
      : { at: 'running', step: 'one', askedAt: LONG_AGO, asks: 1, until: null, wish: null },
  }
  const row = { plan: PLAN, id, parked, version: 0 }
  return chance.hit(0.3)
    ? { ...row, state: null, wish: { reason: 'r', by: 'b' } }
    : { ...row, state, wish: null }
}

function shownSagas(rows: readonly SagaRow[]): string {
  const stateOf = ({ state, parked }: SagaRow): string =>
    `${state?.phase.at ?? 'early'}${parked === null ? '' : ', parked'}`
  return pairs(rows.map((row) => [row.id, stateOf(row)]))
}

async function loadSagas({ stores, tx, seen }: At, ids: readonly string[]): Promise<unknown> {
  const rows = await stores.sagas.load(tx, keysOf(ids))
  for (const { id, version } of rows) seen.set(id, version)
  return rows
}

export const sagaCalls: Family = {
  insert: (draw) => {
    const rows = some(draw.chance, SAGAS).map((id) => sagaRow(draw, id))
    return {
      text: `sagas.insert ${shownSagas(rows)}`,
      run: ({ stores, tx }) => stores.sagas.insert(tx, rows),
    }
  },
  others: [
    ({ chance }) => {
      const ids = some(chance, SAGAS)
      return { text: `sagas.load ${ids.join(' ')}`, run: (at) => loadSagas(at, ids) }
    },
    (draw) => {
      const rows = some(draw.chance, SAGAS)
        .slice(0, 2)
        .map((id) => sagaRow(draw, id))
      const guess = draw.chance.int(1, 2)
      return {
        text: `sagas.update ${shownSagas(rows)} at the version seen, or ${guess}`,
        run: (at) => at.stores.sagas.update(at.tx, versioned(rows, at, guess)),
      }
    },
    ({ chance }) => {
      const countMax = chance.int(1, 3)
      return {
        text: `sagas.prune at most ${countMax}`,
        isSerial: false,
        run: ({ stores, tx }) => stores.sagas.prune(tx, { before: FAR_AWAY, countMax }),
      }
    },
  ],
  look: { text: 'sagas', run: (at) => loadSagas(at, SAGAS) },
}

function startRow({ chance, next }: Draw, id: string): StartRow {
  return {
    saga: { plan: PLAN, id, pattern: 'choreography' },
    version: 1,
    inputFingerprint: `f${next()}`,
    sent: '[]',
    startedAt: LONG_AGO + next(),
    ended: chance.hit(0.3) ? { status: 'completed', data: null } : null,
  }
}

function startEnd({ chance, next }: Draw, id: string): StartEnd {
  return {
    saga: { plan: PLAN, id, pattern: 'choreography' },
    status: chance.pick(['completed', 'compensated']),
    data: next(),
  }
}

function insertStarts(draw: Draw, ids: readonly string[]): Call {
  const rows = ids.map((id) => startRow(draw, id))
  return {
    text: `starts.insert ${pairs(rows.map(({ saga, ended }) => [saga.id, ended?.status ?? 'running']))}`,
    run: ({ stores, tx }) => stores.starts.insert(tx, rows),
  }
}

function loadStarts(ids: readonly string[]): Call {
  return {
    text: `starts.load ${ids.join(' ')}`,
    run: ({ stores, tx }) => stores.starts.load(tx, keysOf(ids)),
  }
}

function endStarts(draw: Draw, ids: readonly string[]): Call {
  const ends = ids.map((id) => startEnd(draw, id))
  return {
    text: `starts.ended ${pairs(ends.map(({ saga, data }) => [saga.id, String(data)]))}`,
    run: ({ stores, tx }) => stores.starts.ended(tx, ends),
  }
}

/** Reads of all rows without a lock, and writes of one: of two, each often reads what the other one writes. */
export const skewedCalls = {
  insert: (draw: Draw): Call => insertStarts(draw, SAGAS),
  read: (): Call => loadStarts(SAGAS),
  write: (draw: Draw): Call => endStarts(draw, [draw.chance.pick(SAGAS)]),
}

export const startCalls: Family = {
  insert: (draw) => insertStarts(draw, some(draw.chance, SAGAS)),
  others: [
    ({ chance }) => loadStarts(some(chance, SAGAS)),
    (draw) => endStarts(draw, some(draw.chance, SAGAS)),
    ({ chance }) => {
      const countMax = chance.int(1, 3)
      return {
        text: `starts.prune at most ${countMax}`,
        run: ({ stores, tx }) => stores.starts.prune(tx, { before: FAR_AWAY, countMax }),
      }
    },
  ],
  look: { text: 'starts', run: ({ stores, tx }) => stores.starts.load(tx, keysOf(SAGAS)) },
}
