// Owns: the calls of the engine's ports that a scene may make, and drawing them over few keys.
// I1: a call is the same function of the ports on both sides; what differs between two servers by nature (the time of
// day) is far from every due time that is drawn.
// I2: no two due times of a scene are equal: what is first among equals is promised nowhere.
import type { Message, SagaState, Time } from '@ensemble/core'
import type {
  Entries,
  OperationRow,
  OperationStatus,
  Rows,
  SagaRow,
  Stores,
  Transaction,
} from '@ensemble/runtime'
import type { Chance } from '../../src/chance.ts'

export interface Thing {
  readonly id: string
  readonly amount: number
}

export interface Ports {
  readonly stores: Stores
  readonly rows: Rows<Thing>
  readonly entries: Entries<Thing>
}

/** Where a call is made. */
export interface At extends Ports {
  readonly tx: Transaction
  /** Versions of the rows that this transaction has loaded. */
  readonly seen: Map<string, number>
}

export interface Call {
  readonly text: string
  /** More than one statement, so that it cannot be deferred. */
  readonly isLong?: true
  readonly run: (at: At) => Promise<unknown>
}

export interface Draw {
  readonly chance: Chance
  /** A number that this scene has not used. */
  readonly next: () => number
}

type Maker = (draw: Draw) => Call

interface Family {
  /** Stores rows. */
  readonly insert: Maker
  readonly others: readonly Maker[]
}

const HOUR_MS = 3_600_000
const LONG_AGO: Time = 1_700_000_000_000
const FAR_AWAY: Time = 4_000_000_000_000

const STATUSES: readonly [OperationStatus, ...OperationStatus[]] = [
  'set_aside',
  'set_aside',
  'calling',
  'deferred',
  'succeeded',
  'rejected',
]
const OWNERS = ['mail', 'sms'] as const

/** One to all of these, in any order. */
function some(chance: Chance, items: readonly string[]): string[] {
  return chance.shuffled(items).slice(0, chance.int(1, items.length))
}

function dueAt({ chance, next }: Draw): Time {
  return (chance.hit(0.75) ? LONG_AGO : FAR_AWAY) + next()
}

function note(id: string): Message {
  return { type: 'timer', id, topic: 't', key: 'k', name: 'tick', at: LONG_AGO, data: null, saga: null }
}

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

function shown(rows: readonly { id: string; status?: string; parked?: string | null }[]): string {
  return rows
    .map(({ id, status, parked = null }) => `${id}=${status ?? ''}${parked === null ? '' : '!'}`)
    .join(' ')
}

const OPERATIONS = ['o1', 'o2', 'o3', 'o4']

async function loadOperations(
  { stores, tx, seen }: At,
  what: Parameters<Stores['operations']['load']>[1],
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

const operationFamily: Family = {
  insert: (draw) => {
    const rows = some(draw.chance, OPERATIONS).map((id) => operation(draw, id))
    return {
      text: `operations.insert ${shown(rows)}`,
      run: ({ stores, tx }) => stores.operations.insert(tx, rows),
    }
  },
  others: [
    ({ chance }) => {
      const ids = some(chance, OPERATIONS)
      const deferredOf = chance.hit(0.3) ? [{ owner: chance.pick(OWNERS), key: 'k' }] : []
      const text = `operations.load ${[...ids, ...deferredOf.map(({ owner }) => `deferred of ${owner}`)].join(' ')}`
      return { text, run: (at) => loadOperations(at, { ids, deferredOf }) }
    },
    (draw) => {
      const rows = some(draw.chance, OPERATIONS)
        .slice(0, 2)
        .map((id) => operation(draw, id))
      const guess = draw.chance.int(1, 2)
      return {
        text: `operations.update ${shown(rows)} of the version seen, or ${guess}`,
        run: ({ stores, tx, seen }) =>
          stores.operations.update(
            tx,
            rows.map((row) => ({ ...row, version: seen.get(row.id) ?? guess })),
          ),
      }
    },
    ({ chance }) => {
      const owners = some(chance, OWNERS)
      const countMax = chance.int(1, 3)
      return {
        text: `operations.claimDue ${owners.join(' ')} at most ${countMax}`,
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
        run: ({ stores, tx }) => stores.operations.prune(tx, { before, countMax }),
      }
    },
  ],
}

const PLAN = 'order.place'
const SAGAS = ['s1', 's2', 's3']

function sagaRow({ chance, next }: Draw, id: string): SagaRow {
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
  const parked = chance.hit(0.2) ? 'PLAN_THROWS' : null
  if (chance.hit(0.3))
    return { plan: PLAN, id, state: null, wish: { reason: 'r', by: 'b' }, parked, version: 0 }
  return { plan: PLAN, id, state, wish: null, parked, version: 0 }
}

function shownSagas(rows: readonly SagaRow[]): string {
  return shown(rows.map(({ id, state, parked }) => ({ id, status: state?.phase.at ?? 'early', parked })))
}

const sagaFamily: Family = {
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
      return {
        text: `sagas.load ${ids.join(' ')}`,
        run: async ({ stores, tx, seen }) => {
          const rows = await stores.sagas.load(
            tx,
            ids.map((id) => ({ plan: PLAN, id })),
          )
          for (const { id, version } of rows) seen.set(id, version)
          return rows
        },
      }
    },
    (draw) => {
      const rows = some(draw.chance, SAGAS)
        .slice(0, 2)
        .map((id) => sagaRow(draw, id))
      const guess = draw.chance.int(1, 2)
      return {
        text: `sagas.update ${shownSagas(rows)} of the version seen, or ${guess}`,
        run: ({ stores, tx, seen }) =>
          stores.sagas.update(
            tx,
            rows.map((row) => ({ ...row, version: seen.get(row.id) ?? guess })),
          ),
      }
    },
    ({ chance }) => {
      const countMax = chance.int(1, 3)
      return {
        text: `sagas.prune at most ${countMax}`,
        run: ({ stores, tx }) => stores.sagas.prune(tx, { before: FAR_AWAY, countMax }),
      }
    },
  ],
}

const startFamily: Family = {
  insert: (draw) => {
    const rows = some(draw.chance, SAGAS).map((id) => ({
      saga: { plan: PLAN, id, pattern: 'choreography' as const },
      version: 1,
      inputFingerprint: `f${draw.next()}`,
      sent: '[]',
      startedAt: LONG_AGO + draw.next(),
      ended: draw.chance.hit(0.3) ? { status: 'completed' as const, data: null } : null,
    }))
    const ids = rows.map(({ saga, ended }) => `${saga.id}${ended === null ? '' : '=ended'}`)
    return { text: `starts.insert ${ids.join(' ')}`, run: ({ stores, tx }) => stores.starts.insert(tx, rows) }
  },
  others: [
    ({ chance }) => {
      const ids = some(chance, SAGAS)
      return {
        text: `starts.load ${ids.join(' ')}`,
        run: ({ stores, tx }) =>
          stores.starts.load(
            tx,
            ids.map((id) => ({ plan: PLAN, id })),
          ),
      }
    },
    (draw) => {
      const ends = some(draw.chance, SAGAS).map((id) => ({
        saga: { plan: PLAN, id, pattern: 'choreography' as const },
        status: draw.chance.pick(['completed', 'compensated'] as const),
        data: draw.next(),
      }))
      const ids = ends.map(({ saga, data }) => `${saga.id}=${data}`)
      return { text: `starts.ended ${ids.join(' ')}`, run: ({ stores, tx }) => stores.starts.ended(tx, ends) }
    },
    ({ chance }) => {
      const countMax = chance.int(1, 3)
      return {
        text: `starts.prune at most ${countMax}`,
        run: ({ stores, tx }) => stores.starts.prune(tx, { before: FAR_AWAY, countMax }),
      }
    },
  ],
}

const CLAIMS = ['v1', 'v2', 'v3']

const claimFamily: Family = {
  insert: (draw) => {
    const claims = some(draw.chance, CLAIMS).map((value) => ({ value, owner: `u${draw.next()}` }))
    return {
      text: `claims.insert ${claims.map(({ value, owner }) => `${value}=${owner}`).join(' ')}`,
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
}

const scheduledFamily: Family = {
  insert: (draw) => {
    const rows = Array.from({ length: draw.chance.int(1, 2) }, () => ({
      dueAt: dueAt(draw),
      messages: Array.from({ length: draw.chance.int(1, 2) }, () => note(`m${draw.next()}`)),
    }))
    const packs = rows.map(({ dueAt: at, messages }) => `${at}=${messages.map(({ id }) => id).join('+')}`)
    return {
      text: `scheduled.insert ${packs.join(' ')}`,
      run: ({ stores, tx }) => stores.scheduled.insert(tx, rows),
    }
  },
  others: [
    ({ chance }) => {
      const countMax = chance.int(1, 4)
      return {
        text: `scheduled.takeDue at most ${countMax}`,
        run: async ({ stores, tx }) => (await stores.scheduled.takeDue(tx, countMax)).map(({ id }) => id),
      }
    },
    () => ({ text: 'scheduled.nextDue', run: ({ stores, tx }) => stores.scheduled.nextDue(tx) }),
  ],
}

const LETTERS = ['d1', 'd2', 'd3']

const letterFamily: Family = {
  insert: (draw) => {
    const letters = some(draw.chance, LETTERS).map((id) => ({
      id,
      topic: 't',
      reason: 'UNDECODABLE',
      detail: String(draw.next()),
      text: '',
    }))
    return {
      text: `deadLetters.insert ${letters.map(({ id, detail }) => `${id}=${detail}`).join(' ')}`,
      run: ({ stores, tx }) => stores.deadLetters.insert(tx, letters),
    }
  },
  others: [
    ({ chance }) => {
      const countMax = chance.int(1, 4)
      return {
        text: `deadLetters.list at most ${countMax}`,
        run: async ({ stores, tx }) =>
          (await stores.deadLetters.list(tx, countMax)).map(({ id, detail }) => `${id}=${detail}`),
      }
    },
  ],
}

const BATCHES = ['b1', 'b2', 'b3']

const outboxFamily: Family = {
  insert: ({ chance, next }) => {
    const id = chance.pick(['b1', 'b2', 'b3'])
    const isDue = chance.hit(0.8)
    const claimAfterMs = (isDue ? -HOUR_MS : HOUR_MS) + next() * 1_000
    const messages = [note(`m${next()}`)]
    return {
      text: `outbox.insert ${id}${isDue ? ' due' : ''}`,
      run: ({ stores, tx }) => stores.outbox.insert(tx, { id, messages, claimAfterMs }),
    }
  },
  others: [
    ({ chance }) => {
      const ids = some(chance, BATCHES)
      return {
        text: `outbox.remove ${ids.join(' ')}`,
        run: ({ stores, tx }) => stores.outbox.remove(tx, ids),
      }
    },
    ({ chance }) => {
      const countMax = chance.int(1, 3)
      return {
        text: `outbox.claim at most ${countMax}`,
        run: ({ stores, tx }) => stores.outbox.claim(tx, { countMax, claimAfterMs: HOUR_MS }),
      }
    },
  ],
}

const progressFamily: Family = {
  insert: ({ chance }) => {
    const at = { topic: 't', partition: chance.int(0, 1), position: String(chance.int(1, 2)) }
    return {
      text: `progress.count ${at.partition} at ${at.position}`,
      run: ({ stores, tx }) => stores.progress.count(tx, at),
    }
  },
  others: [
    ({ chance }) => {
      const at = { topic: 't', partition: chance.int(0, 1) }
      return {
        text: `progress.clear ${at.partition}`,
        run: ({ stores, tx }) => stores.progress.clear(tx, at),
      }
    },
  ],
}

const registryFamily: Family = {
  insert: (draw) => {
    const versions = some(draw.chance, ['1', '2'])
    const plans = versions.map((version) => ({
      name: PLAN,
      version: Number(version),
      fingerprint: `f${draw.next()}`,
    }))
    return {
      text: `registry.plans ${plans.map(({ version, fingerprint }) => `${version}=${fingerprint}`).join(' ')}`,
      isLong: true,
      run: async ({ stores, tx }) =>
        (await stores.registry.plans(tx, plans)).toSorted((a, b) => a.version - b.version),
    }
  },
  others: [
    () => ({ text: 'registry.horizon', run: ({ stores, tx }) => stores.registry.horizon(tx) }),
    ({ chance }) => {
      const to = LONG_AGO + chance.int(1, 9)
      return {
        text: `registry.moveHorizon ${to}`,
        run: ({ stores, tx }) => stores.registry.moveHorizon(tx, to),
      }
    },
  ],
}

const THINGS = ['t1', 't2', 't3']

function states(draw: Draw): { key: string; state: Thing }[] {
  return some(draw.chance, THINGS).map((id) => ({ key: id, state: { id, amount: draw.next() } }))
}

function shownStates(rows: readonly { state: Thing }[]): string {
  return rows.map(({ state }) => `${state.id}=${state.amount}`).join(' ')
}

const rowFamily: Family = {
  insert: (draw) => {
    const given = states(draw)
    return { text: `rows.insert ${shownStates(given)}`, run: ({ rows, tx }) => rows.insert(tx, given) }
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
      return { text: `rows.update ${shownStates(given)}`, run: ({ rows, tx }) => rows.update(tx, given) }
    },
  ],
}

const entryFamily: Family = {
  insert: (draw) => {
    const given = some(draw.chance, ['e1', 'e2', 'e3', 'e4']).map((id) => ({ id, amount: draw.next() }))
    return {
      text: `entries.append ${given.map(({ id, amount }) => `${id}=${amount}`).join(' ')}`,
      run: ({ entries, tx }) => entries.append(tx, given),
    }
  },
  others: [],
}

const FAMILIES: readonly [Family, ...Family[]] = [
  operationFamily,
  operationFamily,
  operationFamily,
  sagaFamily,
  startFamily,
  claimFamily,
  scheduledFamily,
  letterFamily,
  outboxFamily,
  progressFamily,
  registryFamily,
  rowFamily,
  entryFamily,
]

export interface Calls {
  /** One that is likely to leave rows. */
  given(draw: Draw): Call
  any(draw: Draw): Call
}

/** Of one to three tables, so that the calls of one scene meet. */
export function callsOf(chance: Chance): Calls {
  const [first = FAMILIES[0], ...rest] = chance.shuffled(FAMILIES)
  const families = [first, ...rest.slice(0, chance.int(0, 2))] as const
  const any = (draw: Draw): Call => {
    const { insert, others } = draw.chance.pick(families)
    return draw.chance.pick([insert, ...others])(draw)
  }
  return {
    any,
    given: (draw) => (draw.chance.hit(0.7) ? draw.chance.pick(families).insert(draw) : any(draw)),
  }
}

/** Reads everything that the calls can have left. */
export const LOOK: readonly Call[] = [
  { text: 'operations', run: (at) => loadOperations(at, { ids: OPERATIONS, deferredOf: [] }) },
  {
    text: 'sagas',
    run: ({ stores, tx }) =>
      stores.sagas.load(
        tx,
        SAGAS.map((id) => ({ plan: PLAN, id })),
      ),
  },
  {
    text: 'starts',
    run: ({ stores, tx }) =>
      stores.starts.load(
        tx,
        SAGAS.map((id) => ({ plan: PLAN, id })),
      ),
  },
  {
    text: 'scheduled',
    run: async ({ stores, tx }) => [
      await stores.scheduled.takeDue(tx, 100),
      await stores.scheduled.nextDue(tx),
    ],
  },
  { text: 'claims', run: async ({ stores, tx }) => [...(await stores.claims.load(tx, CLAIMS))] },
  {
    text: 'dead letters',
    run: async ({ stores, tx }) =>
      (await stores.deadLetters.list(tx, 100)).map(({ id, detail }) => [id, detail]),
  },
  {
    text: 'outbox',
    run: ({ stores, tx }) => stores.outbox.claim(tx, { countMax: 100, claimAfterMs: 2 * HOUR_MS }),
  },
  {
    text: 'progress',
    run: async ({ stores, tx }) => [
      await stores.progress.count(tx, { topic: 't', partition: 0, position: '1' }),
      await stores.progress.count(tx, { topic: 't', partition: 1, position: '1' }),
    ],
  },
  {
    text: 'plans',
    run: ({ stores, tx }) =>
      stores.registry.plans(tx, [
        { name: PLAN, version: 1, fingerprint: 'none' },
        { name: PLAN, version: 2, fingerprint: 'none' },
      ]),
  },
  { text: 'horizon', run: ({ stores, tx }) => stores.registry.horizon(tx) },
  { text: 'rows', run: async ({ rows, tx }) => [...(await rows.load(tx, THINGS)).values()] },
]
