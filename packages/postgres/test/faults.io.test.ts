// Owns: every statement of a transaction, and of a batch, spoiled on the wire once in every way: it commits once, or
// says what is true. `COMMIT_UNKNOWN` is the one answer that goes with both; any other means that nothing is there.
import type { Message } from '@ensemble/core'
import type { Link, Transaction } from '@ensemble/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sharedBus } from '../src/bus/shared.ts'
import { systemClock, type Clock } from '../src/database/clock.ts'
import { DatabaseError, PROFILES } from '../src/index.ts'
import type { EngineDatabase } from '../src/engine.ts'
import { engineKit, operation, timer } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'
import { wireTo } from './wire.ts'
import type { Wire, WireFault } from './wire.ts'

let kit: Kit
let wire: Wire
/** Through the wire. */
let database: EngineDatabase

/** Between any two looks at it a second has passed: every transaction asks the server for the time. */
function forgetful(): Clock {
  let leaptMs = 0
  return {
    ...systemClock,
    now: () => {
      leaptMs += 1_000
      return systemClock.now() + leaptMs
    },
  }
}

beforeAll(async () => {
  kit = await engineKit('faults')
  wire = await wireTo(kit.url)
  const profile = { ...PROFILES.postgres, canListen: false, canDiscardPlans: false }
  database = await kit.open({ url: wire.url, sizeMax: 2, profile, clock: forgetful() })
})
afterAll(async () => {
  await wire.close()
  await kit.end()
})
beforeEach(async () => {
  heal()
  await empty()
})

async function empty(): Promise<void> {
  await kit.database.query(
    'DELETE FROM ensemble_operation; DELETE FROM ensemble_claim; DELETE FROM ensemble_outbox',
  )
}

/** Spoils the statement at this place once; answers what is sent, by name. */
function spoil(at: number, fault: WireFault): readonly string[] {
  const sent: string[] = []
  wire.arm((name) => {
    sent.push(name)
    return sent.length === at + 1 ? fault : undefined
  })
  return sent
}

function heal(): void {
  wire.arm(() => undefined)
}

async function codeOf(doing: Promise<unknown>): Promise<string> {
  try {
    await doing
    return 'committed'
  } catch (error) {
    if (error instanceof DatabaseError) return error.code
    throw error
  }
}

const row = operation('o1')

/** A read under a lock, an awaited write, one behind a savepoint, two that are awaited with COMMIT. */
async function work(tx: Transaction): Promise<void> {
  const { operations, claims, outbox } = database.stores
  const found = await operations.load(tx, { ids: ['o1'], deferredOf: [] })
  await operations.insert(tx, [{ ...row, id: 'o2' }])
  await tx.savepoint(() => claims.insert(tx, [{ value: 'a', owner: 'me' }]))
  const raised = found.map((one) => ({ ...one, again: one.again + 1 }))
  tx.defer(operations.update(tx, raised))
  tx.defer(outbox.insert(tx, { id: 'b1', messages: [timer('t', 'k', 'm1')], claimAfterMs: 0 }))
}

const OF_WORK = [
  'BEGIN',
  'NOW',
  'operation_load',
  'operation_insert',
  'SAVEPOINT s1',
  'claim_insert',
  'RELEASE SAVEPOINT s1',
  'operation_update',
  'INSERT INTO ensemble_outbox',
  'COMMIT',
]

const ONCE = { ids: ['o1', 'o2'], again: 1, claims: 1, outbox: 1 }
const NOTHING = { ids: ['o1'], again: 0, claims: 0, outbox: 0 }

/** What is in the database, looked at from outside: `once`, `nothing`, or the rows that are neither. */
async function effectOfWork(): Promise<string> {
  const { stores } = kit.database
  const seen = await kit.database.transaction(async (tx) => {
    // A server that has lost its client may still be at work: its row's lock is waited for before anything is read.
    await stores.operations.load(tx, { ids: ['o1'], deferredOf: [] })
    const rows = await stores.operations.load(tx, { ids: ['o1', 'o2'], deferredOf: [] })
    const claims = await stores.claims.load(tx, ['a'])
    const left = await stores.outbox.claim(tx, { countMax: 10, claimAfterMs: 0 })
    return { ids: rows.map(({ id }) => id), again: rows[0]?.again, claims: claims.size, outbox: left.length }
  })
  return named(seen, { once: ONCE, nothing: NOTHING })
}

function named(seen: object, names: Readonly<Record<string, object>>): string {
  const text = JSON.stringify(seen)
  return Object.entries(names).find(([, one]) => JSON.stringify(one) === text)?.[0] ?? text
}

const refuse = (sqlState: string): WireFault => ({ kind: 'refuse', sqlState })
const BEFORE_COMMIT_LEFT = 6

describe('a transaction', () => {
  /** Of the statement at each place: what is answered, and what is there then. */
  const outcomes = async (fault: WireFault, from = 0): Promise<readonly string[]> => {
    const seen: string[] = []
    for (let at = from; at < OF_WORK.length; at += 1) {
      heal()
      await empty()
      await kit.database.transaction((tx) => kit.database.stores.operations.insert(tx, [row]))
      spoil(at, fault)
      seen.push(`${await codeOf(database.transaction(work))}, ${await effectOfWork()}`)
    }
    return seen
  }
  const all = (outcome: string): readonly string[] => OF_WORK.map(() => outcome)
  const COMMIT = OF_WORK.length - 1

  test('sends these statements', async () => {
    await kit.database.transaction((tx) => kit.database.stores.operations.insert(tx, [row]))
    const sent = spoil(OF_WORK.length, { kind: 'lose' })
    await database.transaction(work)
    expect(sent).toEqual(OF_WORK)
    expect(await effectOfWork()).toBe('once')
  })

  test('is tried again after 40001 of any statement, and after that of COMMIT', async () => {
    expect(await outcomes(refuse('40001'))).toEqual(all('committed, once'))
    expect(await outcomes({ kind: 'roll back', sqlState: '40001' }, COMMIT)).toEqual(['committed, once'])
  })

  test('does not know after 40003, whether it happened or not', async () => {
    expect(await outcomes(refuse('40003'))).toEqual(all('COMMIT_UNKNOWN, nothing'))
    expect(await outcomes({ kind: 'roll back', sqlState: '40003' }, COMMIT)).toEqual([
      'COMMIT_UNKNOWN, nothing',
    ])
    expect(await outcomes({ kind: 'do and refuse', sqlState: '40003' }, COMMIT)).toEqual([
      'COMMIT_UNKNOWN, once',
    ])
  })

  test('that is cancelled anywhere says so, and nothing is there', async () => {
    expect(await outcomes(refuse('57014'))).toEqual(all('TIMEOUT, nothing'))
  })

  test('whose connection is lost knows that nothing is there until COMMIT has left, and not from then on', async () => {
    const until = all('CONNECTION, nothing').slice(0, BEFORE_COMMIT_LEFT)
    const from = all('COMMIT_UNKNOWN, nothing').slice(BEFORE_COMMIT_LEFT)
    expect(await outcomes({ kind: 'lose' })).toEqual([...until, ...from])
  })

  test('whose answer is lost does not know whether what it had sent by then is there', async () => {
    const seen = await outcomes({ kind: 'do and lose' })
    expect(seen.slice(0, BEFORE_COMMIT_LEFT)).toEqual(all('CONNECTION, nothing').slice(0, BEFORE_COMMIT_LEFT))
    const rest = seen.slice(BEFORE_COMMIT_LEFT)
    // Those before COMMIT left with it: whether the server came as far is a matter of time.
    expect(rest.at(-1)).toBe('COMMIT_UNKNOWN, once')
    expect(rest.filter((one) => !/^COMMIT_UNKNOWN, (?:once|nothing)$/.test(one))).toEqual([])
  })
})

describe.each([
  ['that others put there', true],
  ['that this process put there', false],
])('a batch of the bus in this database %s', (_whose, isForeign) => {
  let orders: Link
  let desk: Link
  let round = isForeign ? 0 : 1_000

  beforeAll(async () => {
    const bus = sharedBus({ partitions: 1 })
    orders = await bus.connect({ service: 'order', database, topics: ['in'] })
    const other = isForeign ? sharedBus({ partitions: 1 }) : bus
    desk = await other.connect({ service: 'desk', database: kit.database, topics: ['out'] })
    await put()
    await receive()
    await effect()
  })
  afterAll(async () => {
    await orders.close()
    await desk.close()
  })

  const put = (): Promise<unknown> =>
    desk.transaction(async () => ({ value: null, messages: [timer('in', 'k', `m${round}`)] }))
  const receive = (): Promise<number> =>
    orders.receive(10, async (tx, batch): Promise<readonly Message[]> => {
      const { operations, claims } = database.stores
      const rows = batch.map((_, index) => ({ ...row, id: `${round}.${index}` }))
      await operations.insert(tx, rows)
      tx.defer(claims.insert(tx, [{ value: `c${round}`, owner: 'me' }]))
      return [timer('out', 'k', `answer ${round}`)]
    })
  /** Of this round's message; answers are counted as they are read from the log. */
  let answers = 0
  const effect = async (): Promise<string> => {
    const ofRound = [`${round}.%`]
    const operations = await kit.database.query(
      'SELECT o.id FROM ensemble_operation AS o WHERE o.id LIKE $1::text',
      ofRound,
    )
    const claims = await kit.database.transaction((tx) => kit.database.stores.claims.load(tx, [`c${round}`]))
    await desk.receive(10, async (_tx, batch) => {
      answers += batch.length
      return []
    })
    const seen = { operations: operations.count, claims: claims.size, answers }
    return named(seen, {
      once: { operations: 1, claims: 1, answers: 1 },
      nothing: { operations: 0, claims: 0, answers: 0 },
    })
  }

  const OF_BATCH = [
    'BEGIN',
    'NOW',
    ...(isForeign ? ['log_fetch'] : []),
    'operation_insert',
    'claim_insert',
    'log_hand_on',
    'COMMIT',
  ]
  const COMMIT = OF_BATCH.length - 1
  /** What is answered, what is there then, and what is there when everything was received. */
  const outcomes = async (fault: WireFault, from = 0): Promise<readonly string[]> => {
    const seen: string[] = []
    for (let at = from; at < OF_BATCH.length; at += 1) {
      heal()
      // A batch that ends well: the next one need not be fetched.
      round += 1
      await put()
      await receive()
      await effect()
      round += 1
      answers = 0
      await put()
      spoil(at, fault)
      const code = await codeOf(receive())
      heal()
      const then = await effect()
      while ((await receive()) > 0);
      seen.push(`${code}, ${then}, ${await effect()}`)
    }
    return seen
  }

  test('sends these statements', async () => {
    round += 1
    answers = 0
    await put()
    const sent = spoil(OF_BATCH.length, { kind: 'lose' })
    await receive()
    expect(sent).toEqual(OF_BATCH)
    expect(await effect()).toBe('once')
  })

  test.each<readonly [string, WireFault, number, string]>([
    ['40001 of any statement', refuse('40001'), 0, 'committed, once, once'],
    ['40001 of COMMIT', { kind: 'roll back', sqlState: '40001' }, COMMIT, 'committed, once, once'],
    ['40003 of any statement', refuse('40003'), 0, 'COMMIT_UNKNOWN, nothing, once'],
    [
      '40003 of a COMMIT that failed',
      { kind: 'roll back', sqlState: '40003' },
      COMMIT,
      'COMMIT_UNKNOWN, nothing, once',
    ],
    [
      '40003 of a COMMIT that happened',
      { kind: 'do and refuse', sqlState: '40003' },
      COMMIT,
      'COMMIT_UNKNOWN, once, once',
    ],
    ['a cancel anywhere', refuse('57014'), 0, 'TIMEOUT, nothing, once'],
  ])('after %s has its effect once', async (_what, fault, from, outcome) => {
    expect(await outcomes(fault, from)).toEqual(OF_BATCH.slice(from).map(() => outcome))
  })

  test.each<WireFault>([{ kind: 'lose' }, { kind: 'do and lose' }])(
    'after a connection lost anywhere (%j) has its effect once',
    async (fault) => {
      const allowed = /^(?:CONNECTION, nothing|COMMIT_UNKNOWN, nothing|COMMIT_UNKNOWN, once), once$/
      expect((await outcomes(fault)).filter((one) => !allowed.test(one))).toEqual([])
    },
  )
})
