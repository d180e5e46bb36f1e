// Every case of the demo, played in both patterns, both layouts of databases and on a bus that repeats and shuffles:
// what is left behind is the same.
import { SERVICE_NAMES } from '@ensemble/all-in-one'
import type { Pattern } from '@ensemble/core'
import { troubled } from '@ensemble/testing'
import { ORDER_STATUS } from '@ensemble/service-contracts'
import { beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { CASES } from '../scripts/demo/cases.ts'
import { must } from '../scripts/demo/client.ts'
import { play, UNKNOWN_USER, type Played } from '../scripts/demo/play.ts'
import { normal, normalRows, type Names } from './normal.ts'
import { startTestSystem, type TestOptions, type TestSystem } from './support.ts'
import { tablesOf } from './tables.ts'

interface Left {
  readonly played: readonly Played[]
  readonly endings: Readonly<Record<string, unknown>>
  readonly rows: Readonly<Record<string, readonly unknown[]>>
  readonly histories: Readonly<Record<string, unknown>>
  readonly registrations: Readonly<Record<string, unknown>>
}

const History = z.object({ entries: z.array(z.unknown()) })

/** Long enough for the cases that pay in time on a busy machine. */
const DUE = { paymentDueIn: '6s' } as const
const WITHOUT_ORCHESTRATOR = SERVICE_NAMES.filter((name) => name !== 'orchestrator')
const SEED = 20_261_123

const CALM: TestOptions = { name: 'orchestrated', environment: { ...DUE, pattern: 'orchestration' } }

const OTHERS: readonly TestOptions[] = [
  {
    name: 'choreographed, a database each, no orchestrator',
    environment: { ...DUE, pattern: 'choreography', separateDatabases: true },
    services: WITHOUT_ORCHESTRATOR,
  },
  {
    name: 'orchestrated, every message three times, shuffled',
    environment: { ...DUE, pattern: 'orchestration' },
    wrapBus: (bus) => troubled(bus, { copies: 3, shuffle: SEED }),
  },
  {
    name: 'choreographed, a database each, every message three times, shuffled',
    environment: { ...DUE, pattern: 'choreography', separateDatabases: true },
    services: WITHOUT_ORCHESTRATOR,
    wrapBus: (bus) => troubled(bus, { copies: 3, shuffle: SEED }),
  },
]

async function leftBy(system: TestSystem, options: TestOptions): Promise<Left> {
  const pattern: Pattern = options.environment?.pattern ?? 'orchestration'
  try {
    const tables = await tablesOf(system)
    const { url } = system
    const played = await Promise.all(CASES.map((one) => play(one, { url, pattern, tag: 'test' })))
    await tables.quiet()
    const names = namesOf(played)
    const business = await tables.business()
    await tables.close()
    return {
      played,
      endings: Object.fromEntries(played.map(({ case: { name }, ending }) => [name, ending])),
      rows: Object.fromEntries(
        Object.entries(business).map(([table, rows]) => [table, normalRows(rows, names)]),
      ),
      histories: await historiesOf(url, played, { names, plan: 'order.place', of: 'order' }),
      registrations: await historiesOf(
        url,
        played.filter(({ user }) => user !== UNKNOWN_USER),
        { names, plan: 'user.register', of: 'user' },
      ),
    }
  } finally {
    await system.end()
  }
}

function namesOf(played: readonly Played[]): Names {
  return new Map(
    played.flatMap(({ case: { name }, user, order }) => [
      [user, user === UNKNOWN_USER ? 'nobody' : `user of ${name}`] as const,
      [order, `order of ${name}`] as const,
    ]),
  )
}

async function historiesOf(
  url: string,
  played: readonly Played[],
  { names, plan, of }: { readonly names: Names; readonly plan: string; readonly of: 'order' | 'user' },
): Promise<Readonly<Record<string, unknown>>> {
  const read = played.map(async (one) => {
    const { entries } = History.parse(await must(`${url}/v1/saga/${plan}/${one[of]}`))
    return [one.case.name, normal(entries, names)] as const
  })
  return Object.fromEntries(await Promise.all(read))
}

/** What a history says, without what it is about. */
function told(history: unknown): unknown {
  return z
    .array(
      z.object({
        type: z.string(),
        step: z.string().optional(),
        direction: z.string().optional(),
        status: z.string().optional(),
        because: z.unknown().optional(),
      }),
    )
    .parse(history)
}

function leftOf(all: ReadonlyMap<string, Left>, name: string): Left {
  const left = all.get(name)
  if (left === undefined) throw new RangeError(`${name} was not played`)
  return left
}

const expectedEndings = Object.fromEntries(CASES.map(({ name, ending }) => [name, ending]))

describe('the cases of the demo', () => {
  let calm: Left
  let others: ReadonlyMap<string, Left>
  beforeAll(async () => {
    const left = new Map<string, Left>()
    // They wait for a due date most of the time, so two share the machine well.
    const all = [CALM, ...OTHERS]
    for (const pair of [all.slice(0, 2), all.slice(2)]) {
      const playing = []
      for (const options of pair) {
        const system = await startTestSystem(options)
        playing.push(leftBy(system, options).then((found) => left.set(options.name, found)))
      }
      await Promise.all(playing)
    }
    calm = leftOf(left, CALM.name)
    others = left
  })

  test('orchestrated, every case ends as it should and leaves its rows', () => {
    expect(calm.endings).toEqual(expectedEndings)
    const counts = Object.fromEntries(Object.entries(calm.rows).map(([name, rows]) => [name, rows.length]))
    expect(counts).toEqual({
      'user.tb_users': 6,
      'order.tb_orders': 7,
      'payment.tb_payment': 5,
      'payment.tb_payment_entry': 9,
      'payment.tb_payment_credit': 1,
      'notification.tb_receiver': 7,
      'notification.tb_notification': 16,
    })
  })

  test('an unknown user: history says which step was refused, why, and what was undone in which order', () => {
    const unknownUser = {
      step: 'verifyUser',
      status: 'rejected',
      reason: 'unknown_user',
      data: { uuid_user: 'nobody' },
    }
    expect(told(calm.histories['unknown user'])).toEqual([
      { type: 'started' },
      { type: 'asked', step: 'openOrder', direction: 'run' },
      { type: 'answered', step: 'openOrder', status: 'succeeded' },
      { type: 'asked', step: 'verifyUser', direction: 'run' },
      { type: 'answered', step: 'verifyUser', status: 'rejected' },
      { type: 'going-back', because: unknownUser },
      { type: 'asked', step: 'openOrder', direction: 'undo' },
      { type: 'undone', step: 'openOrder' },
      { type: 'ended', status: 'compensated' },
    ])
    const of = (row: unknown): boolean => JSON.stringify(row).includes('unknown user')
    expect(calm.rows['payment.tb_payment']?.filter(of)).toEqual([])
    expect(calm.rows['order.tb_orders']?.filter(of)).toMatchObject([
      { uuid: 'order of unknown user', id_order_status: ORDER_STATUS.Failed },
    ])
  })

  test.each(OTHERS)('$name: the same rows and the same steps', ({ name }) => {
    const left = leftOf(others, name)

    expect(left.endings).toEqual(expectedEndings)
    expect(left.rows).toEqual(calm.rows)
    expect(left.histories).toEqual(calm.histories)
    expect(left.registrations).toEqual(calm.registrations)
  })
})
