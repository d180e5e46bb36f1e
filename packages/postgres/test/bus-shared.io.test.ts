import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Delivered, Link, Transaction } from '@ensemble/runtime'
import { logAdmin } from '../src/bus/admin.ts'
import { sharedBus } from '../src/bus/shared.ts'
import type { BusOptions } from '../src/bus/shared.ts'
import { asQueryable } from '../src/engine.ts'
import { engineKit, logIn, timer, timers } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'
import { until } from './support.ts'

let kit: Kit
beforeEach(async () => {
  kit = await engineKit('bus-shared')
})
afterEach(() => kit.end())

async function connect(service: string, topics: readonly string[], options: BusOptions = {}): Promise<Link> {
  return sharedBus(options).connect({ service, database: kit.database, topics })
}

const send = (link: Link, ...messages: readonly ReturnType<typeof timer>[]) =>
  link.transaction(async () => ({ value: undefined, messages }))

const idOf = (one: Delivered) => (one.ok ? one.message.id : one.reason)

/** Receives until there is nothing more; ids in the order of delivery. */
async function drain(link: Link, countMax = 100): Promise<string[][]> {
  const batches: string[][] = []
  const keep = async (_tx: unknown, batch: readonly Delivered[]) => {
    batches.push(batch.map(idOf))
    return []
  }
  while ((await link.receive(countMax, keep)) > 0);
  return batches
}

describe('receiving', () => {
  test('gives a new group everything from the earliest on, in order of the partition, with positions', async () => {
    const sender = await connect('sender', [])
    await send(sender, timer('t', 'k', 'a'), timer('t', 'k', 'b'))
    await send(sender, timer('t', 'k', 'c'))
    const reader = await connect('reader', ['t'], { partitions: 1 })
    const got: Delivered[] = []
    const count = await reader.receive(10, async (_tx, batch) => {
      got.push(...batch)
      return []
    })
    expect(count).toBe(3)
    const partition = got[0]?.partition ?? -1
    expect(got).toEqual(
      ['a', 'b', 'c'].map((id, index) => {
        return { ok: true, message: timer('t', 'k', id), topic: 't', partition, position: String(index) }
      }),
    )
    expect(await drain(reader)).toEqual([])
  })

  test('hands over exactly the bound, also inside an entry, and shares it out over the partitions', async () => {
    const reader = await connect('reader', ['t', 'u'], { partitions: 1 })
    await send(reader, ...timers('t', 7, () => 'k'))
    expect((await drain(reader, 3)).map(({ length }) => length)).toEqual([3, 3, 1])
    await send(reader, ...timers('t', 9, () => 'k'), timer('u', 'k', 'quiet'))
    expect(await drain(reader, 6)).toEqual([
      ['m0', 'm1', 'm2', 'm3', 'm4', 'quiet'],
      ['m5', 'm6', 'm7', 'm8'],
    ])
    await send(reader, timer('t', 'k', 'x'), timer('u', 'k', 'y'))
    expect((await drain(reader, 1)).flat().toSorted()).toEqual(['x', 'y'])
  })

  test('moves the position, the effects and the answers together, or none of them', async () => {
    const reader = await connect('reader', ['t'])
    const next = await connect('next', ['u'])
    await send(reader, timer('t', 'k', 'a'), timer('u', 'k', 'before'))
    expect(await drain(next)).toEqual([['before']])
    const failing = reader.receive(10, async (tx) => {
      await kit.database.stores.claims.insert(tx, [{ value: 'v', owner: 'o' }])
      tx.defer(tx.query('select 1/0'))
      return [timer('u', 'k', 'answer')]
    })
    await expect(failing).rejects.toMatchObject({ sqlState: '22012' })
    expect(await drain(next)).toEqual([])
    expect((await kit.database.query('select value from ensemble_claim')).rows).toEqual([])

    await reader.receive(10, async (_tx, batch) =>
      batch.map((one) => timer('u', 'k', `answer to ${idOf(one)}`)),
    )
    expect(await drain(reader)).toEqual([])
    expect(await drain(next)).toEqual([['answer to a']])
  })

  test('by two at a time shares the partitions and handles nothing twice', async () => {
    const options = { partitionsMax: 2 }
    const first = await connect('reader', ['t'], options)
    const second = await connect('reader', ['t'], options)
    await send(first, ...timers('t', 400, (index) => `k${index}`))
    const seen: Delivered[] = []
    const work = async (link: Link) => {
      const handle = async (tx: Transaction, batch: readonly Delivered[]) => {
        tx.onCommit(() => seen.push(...batch))
        return []
      }
      for (let round = 0; round < 100; round += 1) await link.receive(20, handle)
    }
    await Promise.all([work(first), work(second)])
    expect(new Set(seen.map(idOf)).size).toBe(400)
    expect(seen.length).toBe(400)
    for (const own of Object.values(Object.groupBy(seen, ({ partition }) => partition))) {
      expect(own?.map(({ position }) => position)).toEqual(own?.map((_, index) => String(index)))
    }
  })

  test('passes over what somebody else holds', async () => {
    const one = await connect('reader', ['t'])
    const other = await connect('reader', ['t'])
    await send(one, timer('t', 'k', 'a'))
    await one.receive(10, async () => {
      expect(await drain(other)).toEqual([])
      return []
    })
    expect(await drain(other)).toEqual([])
  })

  test('raises MOVED when the position was moved under it, and nothing is committed', async () => {
    const reader = await connect('reader', ['t'])
    await send(reader, timer('t', 'k', 'a'), timer('t', 'k', 'b'))
    const racing = reader.receive(10, async (tx) => {
      await tx.query('update bus.log_cursor set next_offset = 1 where next_offset < 1')
      return [timer('t', 'k', 'answer')]
    })
    await expect(racing).rejects.toMatchObject({ code: 'MOVED' })
    expect(await drain(reader)).toEqual([['a', 'b']])
  })

  test('locks no head before its cursors', async () => {
    const reader = await connect('reader', ['t'], { partitions: 1 })
    const next = await connect('next', ['u'], { partitions: 1 })
    await send(reader, timer('t', 'k', 'a'), timer('u', 'k', 'before'))
    expect([await drain(reader), await drain(next)]).toEqual([[['a']], [['before']]])
    const [holder, spy] = [
      new Client({ connectionString: kit.url }),
      new Client({ connectionString: kit.url }),
    ]
    await Promise.all([holder.connect(), spy.connect()])
    const waits = async () => (await spy.query('select 1 from pg_locks where not granted')).rows.length > 0

    await send(reader, timer('t', 'k', 'b'))
    await holder.query('begin')
    await holder.query(`select next_offset from bus.log_cursor where consumer_group = 'reader' for update`)
    const received = reader.receive(10, async () => [timer('u', 'k', 'answer')])
    await until(waits)
    const head = await spy.query(`select next_offset from bus.log_head where topic = 'u' for update nowait`)
    await holder.query('rollback')
    expect([head.rows.length, await received, await drain(next)]).toEqual([1, 1, [['answer']]])
    await Promise.all([holder.end(), spy.end()])
  })

  const costs = ['1 BEGIN', '1 COMMIT', '1 log_hand_on']
  test.each([
    ['that others sent', true, ['1 BEGIN', '1 COMMIT', '1 log_fetch', '1 log_hand_on']],
    ['that this process sent', false, costs],
  ])(
    'costs the same statements for one message and for two hundred %s',
    async (_whose, isForeign, expected) => {
      const reader = await connect('reader', ['t'])
      const next = await connect('next', ['u'])
      const sender = isForeign ? await connect('sender', []) : reader
      const cost = async (count: number) => {
        await send(sender, ...timers('t', count, (index) => `k${index}`))
        const before = { ...kit.database.counted() }
        const answer = async (_tx: unknown, batch: readonly Delivered[]) =>
          batch.map((one, index) => timer('u', `k${index}`, idOf(one)))
        expect(await reader.receive(200, answer)).toBe(count)
        const counts = Object.entries(kit.database.counted()).map(([name, sum]) => [
          name,
          sum - (before[name] ?? 0),
        ])
        // The time is asked for now and then.
        return counts.filter(([name, spent]) => spent !== 0 && spent !== undefined && name !== 'NOW')
      }
      // All partitions have been read once.
      await cost(200)
      const one = await cost(1)
      expect(await cost(200)).toEqual(one)
      const named = one.map(([name, spent]) => `${spent} ${String(name).replace(/_[0-9a-f]{8}$/, '')}`)
      expect(named.filter((name) => !name.endsWith('pg_notify')).toSorted()).toEqual(expected)
      await next.close()
    },
  )

  test('takes what its process has sent, what others sent in between, and each once', async () => {
    const own = await connect('reader', ['t'], { partitions: 1 })
    const foreign = await connect('sender', [])
    await send(own, timer('t', 'k', 'a'))
    expect(await drain(own)).toEqual([['a']])
    await send(own, timer('t', 'k', 'b'))
    await send(foreign, timer('t', 'k', 'c'))
    await send(own, timer('t', 'k', 'd'))
    expect((await drain(own)).flat()).toEqual(['b', 'c', 'd'])
    await send(own, timer('t', 'k', 'e'))
    expect(await drain(own)).toEqual([['e']])
  })

  test('by two instances that both believe their own news handles everything once', async () => {
    const links = [
      await connect('reader', ['t'], { partitions: 2 }),
      await connect('reader', ['t'], { partitions: 2 }),
    ]
    const seen: string[] = []
    const handle = async (tx: Transaction, batch: readonly Delivered[]) => {
      tx.onCommit(() => seen.push(...batch.map(idOf)))
      return []
    }
    const work = async (link: Link, name: string): Promise<void> => {
      for (let round = 0; round < 60; round += 1) {
        await send(link, timer('t', `k${round}`, `${name}${round}`))
        await link.receive(10, handle)
      }
    }
    await Promise.all(links.map((link, index) => work(link, `n${index}.`)))
    for (const link of links) while ((await link.receive(100, handle)) > 0);
    expect([seen.length, new Set(seen).size]).toEqual([120, 120])
  })

  test('that leaves partitions out is told to come again', async () => {
    const reader = await connect('reader', ['t'], { partitions: 4, partitionsMax: 2 })
    let rings = 0
    reader.onNews(() => {
      rings += 1
    })
    const sender = await connect('sender', [])
    await send(sender, ...timers('t', 40, (index) => `k${index}`))
    const handle = async () => []
    await until(async () => {
      await kit.database.query('select pg_sleep(0.005)')
      return rings > 0
    })
    rings = 0
    const first = await reader.receive(100, handle)
    expect([first < 40, rings > 0]).toEqual([true, true])
    let seen = first
    for (let count = 1; count > 0; seen += count) count = await reader.receive(100, handle)
    expect(seen).toBe(40)
  })

  test('that leaves long messages for the next batch is told to come again, whoever sent them', async () => {
    const reader = await connect('reader', ['t'], { partitions: 2 })
    let rings = 0
    reader.onNews(() => {
      rings += 1
    })
    const long = (id: string, key: string) => ({ ...timer('t', key, id), data: 'x'.repeat(400_000) })
    const [sent, others] = [['a', 'b', 'c', 'd'], await connect('sender', [])]
    const received = async (): Promise<string> => {
      let ids = ''
      await reader.receive(100, async (_tx, batch) => {
        ids = batch.map(idOf).join(' ')
        return []
      })
      return ids
    }
    const batchesOf = async (sender: Link): Promise<readonly unknown[]> => {
      for (const id of sent) await send(sender, long(id, 'k'))
      rings = 0
      return [await received(), rings > 0, await received()]
    }
    const halves = ['a b', true, 'c d']
    expect([await batchesOf(reader), await batchesOf(others), await batchesOf(reader)]).toEqual([
      halves,
      halves,
      halves,
    ])
  })

  test('whose batch failed is given it again', async () => {
    const reader = await connect('reader', ['t'], { partitions: 1 })
    await send(reader, timer('t', 'k', 'a'))
    await drain(reader)
    await send(reader, timer('t', 'k', 'b'))
    const failing = reader.receive(10, async () => {
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await drain(reader)).toEqual([['b']])
  })
})

describe('sending', () => {
  test('in a slow transaction is never skipped by readers', async () => {
    const reader = await connect('reader', ['t'], { partitions: 1 })
    const appended = Promise.withResolvers<void>()
    const commit = Promise.withResolvers<void>()
    const slow = kit.database.transaction(async (tx) => {
      await reader.put(tx, [timer('t', 'k', 'slow')])
      appended.resolve()
      await commit.promise
    })
    await appended.promise
    const fast = send(reader, timer('t', 'k', 'fast'))
    expect(await drain(reader)).toEqual([])
    commit.resolve()
    await Promise.all([slow, fast])
    expect(await drain(reader)).toEqual([['slow', 'fast']])
  })

  test('leaves no hole when it is rolled back', async () => {
    const reader = await connect('reader', ['t'], { partitions: 1 })
    const failing = reader.transaction(async (tx) => {
      tx.defer(tx.query('select 1/0'))
      return { value: 0, messages: [timer('t', 'k', 'gone')] }
    })
    await expect(failing).rejects.toMatchObject({ sqlState: '22012' })
    await send(reader, timer('t', 'k', 'a'))
    expect(await drain(reader)).toEqual([['a']])
  })

  test('to many partitions at once in any order never deadlocks', async () => {
    const topics = ['t', 'u', 'v']
    const reader = await connect('reader', topics)
    const messages = topics.flatMap((topic) => timers(topic, 20, (index) => `k${index}`))
    const senders = Array.from({ length: 8 }, async (_, index) => {
      const own = index % 2 === 0 ? messages : messages.toReversed()
      for (let round = 0; round < 15; round += 1) await send(reader, ...own)
    })
    await Promise.all(senders)
    expect(kit.database.counted()['ROLLBACK'] ?? 0).toBe(0)
    expect((await drain(reader, 1000)).flat().length).toBe(8 * 15 * messages.length)
  })

  test('inside the transaction of a plain client follows its commit or its rollback', async () => {
    const reader = await connect('reader', ['t'])
    const client = new Client({ connectionString: kit.url })
    await client.connect()
    for (const end of ['rollback', 'commit']) {
      await client.query('begin')
      await reader.put(asQueryable(client), [timer('t', 'k', end), timer('new-topic', 'k', end)])
      await client.query(end)
    }
    await client.end()
    expect(await drain(reader)).toEqual([['commit']])
    const late = await connect('late', ['new-topic'])
    expect(await drain(late)).toEqual([['commit']])
  })
})

describe('the log', () => {
  test('may be in a schema of another name, beside others', async () => {
    await logIn(kit.url, 'Other Log')
    const options = { schema: 'Other Log' }
    const reader = await connect('reader', ['t'], options)
    const usual = await connect('reader', ['t'])
    await send(reader, timer('t', 'k', 'a'))
    expect(await drain(usual)).toEqual([])
    expect(await drain(reader)).toEqual([['a']])
    expect(await logAdmin(kit.database, options).prune({ countMax: 10 })).toBe(1)
  })

  test('is pruned up to the slowest group, in bounded steps, and a later group starts behind that', async () => {
    const admin = logAdmin(kit.database)
    const slow = await connect('slow', ['t'], { partitions: 1 })
    const quick = await connect('quick', ['t'])
    for (const id of ['a', 'b', 'c', 'd']) await send(slow, timer('t', 'k', id), timer('nobody', 'k', id))
    await drain(quick)
    await slow.receive(3, async () => [])
    expect(await admin.lag('slow')).toEqual([{ topic: 't', partition: 0, messageCount: 1 }])
    expect(await admin.lag('quick')).toEqual([])

    const pruned = [await admin.prune({ countMax: 2 }), await admin.prune({ countMax: 2 })]
    expect([...pruned, await admin.prune({ countMax: 2 })]).toEqual([2, 1, 0])
    expect(await admin.size()).toBe(1 + 4)
    expect(await drain(await connect('late', ['t']))).toEqual([['d']])
    expect(await drain(slow)).toEqual([['d']])

    expect(await admin.prune({ countMax: 10, unreadBefore: 4_000_000_000_000 })).toBe(1 + 4)
    expect(await admin.size()).toBe(0)
  })

  test('says what was lost, and goes on behind it when told to', async () => {
    const admin = logAdmin(kit.database)
    const reader = await connect('reader', ['t'], { partitions: 1 })
    await send(reader, timer('t', 'k', 'a'), timer('t', 'k', 'b'))
    await admin.unregister('reader')
    await admin.prune({ countMax: 10, unreadBefore: 4_000_000_000_000 })
    await connect('reader', ['t'])
    await kit.database.query('update bus.log_cursor set next_offset = 1')
    const loss = { group: 'reader', topic: 't', partition: 0, nextOffset: 1, startOffset: 2 }
    await expect(drain(reader)).rejects.toMatchObject({ code: 'MESSAGES_LOST', loss })

    expect(await admin.forward('reader')).toEqual([{ topic: 't', partition: 0, nextOffset: 2 }])
    await send(reader, timer('t', 'k', 'c'))
    expect(await drain(reader)).toEqual([['c']])
  })

  test('restored from an older copy is a loss too', async () => {
    const reader = await connect('reader', ['t'], { partitions: 1 })
    await kit.database.query('update bus.log_cursor set next_offset = 9')
    await expect(drain(reader)).rejects.toMatchObject({ code: 'MESSAGES_LOST' })
  })
})
