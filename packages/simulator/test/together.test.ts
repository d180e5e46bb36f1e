// Services at home together: one transaction in the tables of several, and one process of the operating system.
import { memoryRows } from '@ensemble/memory'
import { errorInfo, type Transaction } from '@ensemble/runtime'
import { run, shrink } from '@ensemble/simulator'
import { describe, expect, test } from 'vitest'
import { schemaOf, type DatabaseClient } from '../src/database/client.ts'
import type { Process } from '../src/process.ts'
import { System, type Shape } from '../src/system.ts'
import { Trace } from '../src/trace.ts'
import { tokens } from './played.ts'
import { Virtual } from './virtual.ts'

const TIMEOUT_MS = 60_000

interface Box {
  readonly key: string
  readonly value: number
}

const boxes = memoryRows<Box>({ name: 'boxes', key: ({ key }) => key })

const insert = (tx: Transaction, key: string): Promise<void> =>
  boxes.insert(tx, [{ key, state: { key, value: 1 } }])

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'committed',
    (error: unknown) => errorInfo(error).code,
  )

/** The same transaction in the tables of another one. */
function asOf(tx: Transaction, database: DatabaseClient): Transaction {
  if (tx.as === undefined) throw new Error('it cannot')
  return tx.as(database)
}

/** A shop and a bank in one process, and a press of another one. */
function scene() {
  const virtual = new Virtual()
  const trace = new Trace({ now: () => 0, keeps: true, played: new Map() })
  const server = virtual.server('read committed')
  const schemas = { shop: schemaOf(server, 'shop'), bank: schemaOf(server, 'bank') }
  const process = virtual.process('shop#1', { watch: trace.watch })
  const kin = virtual.process('bank#1', { kin: process, watch: trace.watch })
  const home = {}
  const shop = virtual.client(schemas.shop, process, home)
  const bank = virtual.client(schemas.bank, kin, home)
  const press = virtual.client(schemaOf(server, 'press'), virtual.process('press#1'), {})
  const keys = async (): Promise<readonly string[]> => {
    const all = [boxes.all(shop), boxes.all(bank)]
    const found: string[] = []
    for (const one of all) found.push([...(await virtual.finish(one)).keys()].join(' '))
    return found
  }
  return { virtual, trace, schemas, process, kin, shop, bank, press, keys }
}

describe('a transaction in the tables of another service', () => {
  test('what it writes there is there, and only there; it is one commit', async () => {
    const { virtual, schemas, shop, bank, keys } = scene()
    const told: string[] = []
    let before = -1
    await virtual.finish(
      shop.transaction(async (tx) => {
        const visit = asOf(tx, bank)
        before = schemas.shop.server.commitCount
        await insert(tx, 'a')
        await insert(visit, 'b')
        visit.defer(insert(visit, 'c'))
        visit.onCommit(() => void told.push('committed'))
        expect([visit.now, [...(await boxes.load(visit, ['a', 'b'])).keys()]]).toEqual([tx.now, ['b']])
        await insert(asOf(visit, shop), 'd')
        expect(told).toEqual([])
      }),
    )
    expect([schemas.shop.server.commitCount, told]).toEqual([before + 1, ['committed']])
    expect(await keys()).toEqual(['a d', 'b c'])
  })

  test.each([
    ['its own work', async (): Promise<void> => await Promise.reject(new Error('no'))],
    ['a statement here', async (tx: Transaction) => await insert(tx, 'a')],
    ['a statement there', async (_tx: Transaction, visit: Transaction) => await insert(visit, 'b')],
    [
      'a statement there that nobody waited for',
      async (_tx: Transaction, visit: Transaction) => visit.defer(insert(visit, 'b')),
    ],
  ])('%s fails: nothing stays in either', async (_what, fails) => {
    const { virtual, shop, bank, keys } = scene()
    const told: string[] = []
    const work = shop.transaction(async (tx) => {
      const visit = asOf(tx, bank)
      await insert(tx, 'a')
      await insert(visit, 'b')
      visit.onCommit(() => void told.push('committed'))
      await fails(tx, visit)
    })
    expect(await virtual.finish(codeOf(work))).not.toBe('committed')
    expect([await keys(), told]).toEqual([['', ''], []])
  })

  test('a savepoint of either takes back what was done in both since', async () => {
    const { virtual, shop, bank, keys } = scene()
    const works = ['tx', 'visit'].map((of) =>
      shop.transaction(async (tx) => {
        const visit = asOf(tx, bank)
        await insert(visit, `kept ${of}`)
        const inside = (of === 'tx' ? tx : visit).savepoint(async () => {
          await insert(tx, `a ${of}`)
          await insert(visit, `b ${of}`)
          throw new Error('no')
        })
        await inside.catch(() => undefined)
      }),
    )
    await virtual.finish(Promise.all(works))
    expect((await keys()).map((found) => found.split(' kept ').length)).toEqual([1, 2])
    expect((await keys())[0]).toBe('')
  })

  test('it is refused where there is another home, or none', async () => {
    const { virtual, schemas, shop, press } = scene()
    const lone = virtual.client(schemas.bank, virtual.process('bank#2'))
    const asked: readonly (readonly [DatabaseClient, DatabaseClient])[] = [
      [shop, press],
      [shop, lone],
      [lone, shop],
      [lone, lone],
    ]
    for (const [from, to] of asked) {
      const work = from.transaction(async (tx) => {
        await insert(tx, 'a')
        await insert(asOf(tx, to), 'b')
      })
      expect(await virtual.finish(codeOf(work))).toBe('SQL')
    }
  })

  test('stores of one service are refused in the tables of another one', async () => {
    const { virtual, schemas, shop, bank } = scene()
    const { progress } = schemas.bank.stores
    const clear = (tx: Transaction) => progress.clear(tx, { topic: 't', partition: 0 })
    expect(await virtual.finish(codeOf(shop.transaction((tx) => clear(asOf(tx, bank)))))).toBe('committed')
    expect(await virtual.finish(codeOf(shop.transaction((tx) => clear(tx))))).toBe('SQL')
    expect([...schemas.shop.server.mistakes]).toEqual(["progress of 'bank' is asked for in 'shop'"])
  })

  test('a reader of the trace and the evidence see whose tables they are', async () => {
    const { virtual, trace, process, kin, schemas, shop, bank } = scene()
    process.comesUp()
    kin.comesUp()
    const work = shop.transaction(async (tx) => {
      await insert(asOf(tx, bank), 'b')
      await insert(tx, 'a')
    })
    await virtual.finish(work)
    expect(trace.lines.map((line) => line.trim().replace(/^\S+ +/, ''))).toEqual([
      'bank#1           inserts boxes b, by shop#1',
      'shop#1           inserts boxes a',
      'shop#1           COMMIT',
    ])
    const tables = schemas.shop.server.tables().filter(({ name }) => name === 'boxes')
    expect(tables.map(({ schema, slots }) => [schema, ...slots.keys()])).toEqual([
      ['bank', 'b'],
      ['shop', 'a'],
    ])
  })
})

describe('a transaction in a hurry', () => {
  /** Somebody holds the row `a` of the bank. */
  async function held() {
    const { virtual, schemas, shop, bank } = scene()
    await virtual.finish(bank.transaction((tx) => insert(tx, 'a')))
    const { promise, resolve } = Promise.withResolvers<void>()
    const other = virtual.client(schemas.bank, virtual.process('bank#2'))
    const holding = other.transaction(async (tx) => {
      await boxes.load(tx, ['a'])
      await promise
    })
    await virtual.settle()
    const waiting = (hurries: (tx: Transaction, visit: Transaction) => void) => {
      const heard = { code: 'waits' }
      const work = shop.transaction(async (tx) => {
        const visit = asOf(tx, bank)
        hurries(tx, visit)
        await boxes.load(visit, ['a'])
      })
      void codeOf(work).then((code) => (heard.code = code))
      return heard
    }
    const end = async (): Promise<void> => {
      resolve()
      await virtual.finish(holding)
    }
    return { virtual, waiting, end }
  }

  test.each([
    ['its own', (tx: Transaction) => tx.hurry?.()],
    ['the visit', (_tx: Transaction, visit: Transaction) => visit.hurry?.()],
  ])('waits for a lock for 200 ms (%s)', async (_whose, hurries) => {
    const { virtual, waiting, end } = await held()
    const heard = waiting(hurries)
    await virtual.settle(190)
    expect(heard.code).toBe('waits')
    await virtual.settle(20)
    expect(heard.code).toBe('TIMEOUT')
    await end()
  })

  test('has what it waited for when that comes in time', async () => {
    const { virtual, waiting, end } = await held()
    const heard = waiting((tx) => tx.hurry?.())
    await virtual.settle(100)
    await end()
    await virtual.settle(1_000)
    expect(heard.code).toBe('committed')
  })

  test('who asked before it was in a hurry waits on', async () => {
    const { virtual, waiting, end } = await held()
    const heard = waiting((tx, visit) => {
      void boxes.load(visit, ['a']).catch(() => undefined)
      tx.hurry?.()
    })
    await virtual.settle(5_000)
    expect(heard.code).toBe('waits')
    await end()
    await virtual.settle()
    expect(heard.code).toBe('committed')
  })
})

describe('one process of the operating system', () => {
  const statesOf = (...all: readonly Process[]) =>
    all.map(({ isDead, isPaused }) => (isDead ? 'dead' : isPaused ? 'paused' : 'runs'))

  test('one ends: so do the others, and each says so; nothing is heard any more', () => {
    const { process, kin } = scene()
    const said: string[] = []
    process.onEnd((how) => void said.push(`shop ${how} ${statesOf(process, kin).join()}`))
    kin.onEnd((how) => void said.push(`bank ${how} ${statesOf(process, kin).join()}`))
    kin.end('host lost', 'here')
    process.end('crash', 'again')
    process.hears(() => void said.push('heard'))
    expect(said).toEqual(['shop host lost dead,dead', 'bank host lost dead,dead'])
  })

  test('one is paused: so are the others, until all go on and hear in order', async () => {
    const { virtual, process, kin } = scene()
    kin.pause(1_000)
    expect(statesOf(process, kin)).toEqual(['paused', 'paused'])
    const heard: string[] = []
    process.hears(() => void heard.push('shop 1'))
    kin.hears(() => void heard.push('bank 2'))
    process.hears(() => void heard.push('shop 3'))
    await virtual.settle(900)
    expect(heard).toEqual([])
    await virtual.settle(200)
    expect([heard, statesOf(process, kin)]).toEqual([
      ['shop 1', 'bank 2', 'shop 3'],
      ['runs', 'runs'],
    ])
  })

  test('all have one clock, whichever of them it is set by', () => {
    const { virtual, process, kin } = scene()
    const [before, own] = [process.clock.now(), kin.clock.now()]
    kin.jumpClock(500)
    process.jumpClock(200)
    expect([own, process.clock.now(), kin.clock.now()]).toEqual([before, before + 700, before + 700])
    expect(virtual.process('press#1').clock.now()).not.toBe(before)
  })

  test('what hits one of many hits each less often', () => {
    const deaths = (count: number): number => {
      const virtual = new Virtual({ weights: { 'crash before call': 0.5 } })
      const tries = Array.from({ length: 400 }, () => {
        const first = virtual.process('a#1')
        for (let more = 1; more < count; more += 1) virtual.process(`b${more}#1`, { kin: first })
        return first.calls('statement')
      })
      return tries.filter((isMade) => !isMade).length
    }
    expect(deaths(1)).toBeGreaterThan(150)
    expect(deaths(5)).toBeLessThan(80)
  })
})

const SHAPE: Shape = {
  layout: 'shared',
  isolation: 'read committed',
  instances: 2,
  partitionCount: 1,
  settings: {},
  latencyMsMax: 1,
  interleaved: 0,
  observes: false,
  isOwn: false,
  takesPart: false,
  isTogether: true,
}

test('all services of a number end together and are started again, with a home of their own', async () => {
  const { schedule, faults, chance } = new Virtual()
  const parts = { schedule, faults, chance, tell: () => undefined, saw: () => undefined, watch: null }
  const system = new System({ ...parts, subject: tokens({}), shape: SHAPE })
  system.start()
  const names = () => system.processes().map(({ name }) => name)
  const all = ['box#1', 'desk#1', 'orchestrator#1', 'box#2', 'desk#2', 'orchestrator#2']
  const homes = new Map<string, object | undefined>()
  const lookAt = (isNew: (home: object | undefined, before: object | undefined) => void): void => {
    for (let times = 0; times < 100; times += 1) {
      for (const role of system.roles) {
        const { process, database } = system.host(role) ?? {}
        if (process === undefined) continue
        isNew(database?.home, homes.get(process.name))
        homes.set(process.name, database?.home)
      }
    }
  }
  await schedule.run(schedule.now + 5_000)
  expect(names()).toEqual(all)
  lookAt(() => undefined)
  const of = (number: number) => new Set(system.roles.map((role) => homes.get(`${role}#${number}`)))
  const [first] = of(1)
  expect([of(1).size, of(2).size, first, of(2).has(first)]).toEqual([1, 1, {}, false])
  system.processes()[1]?.end('crash', 'here')
  expect(names()).toEqual(all.slice(3))
  await schedule.run(schedule.now + 5_000)
  expect(names()).toEqual(all)
  lookAt(() => undefined)
  expect([of(1).size, of(1).has(first)]).toEqual([1, false])
})

test(
  'a failure that needs services together keeps them so when it is made smaller',
  async () => {
    const told = 'done by another service'
    const subject = {
      ...tokens({}),
      check: ({ messages }: Parameters<ReturnType<typeof tokens>['check']>[0]) =>
        messages.some((one) => one.type === 'command' && one.handledBy === 'box') ? [told] : [],
    }
    const together = async (): Promise<number> => {
      for (let seed = 1; ; seed += 1) {
        const { scenario, violations } = await run({ seed, subject })
        const { isTogether, takesPart, instances } = scenario.shape
        if (isTogether && !takesPart && instances > 1 && violations.length > 0) return seed
      }
    }
    const seed = await together()
    const shrunk = await shrink({ seed, subject, runsMax: 12 })
    expect([shrunk?.isPlain, shrunk?.isApart, shrunk?.result.violations]).toEqual([true, false, [told]])
    expect((await run({ seed, subject, isApart: true })).violations).toEqual([])
    const forgetful = tokens({ forgets: () => true })
    const other = await shrink({ seed, subject: { ...forgetful, check: () => ['always'] }, runsMax: 4 })
    expect([other?.isApart, other?.result.scenario.shape.isTogether]).toEqual([true, false])
  },
  TIMEOUT_MS,
)
