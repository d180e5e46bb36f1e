// What goes wrong around a reader on a real broker, beside what every transport has to survive.
import { spawn } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Consumer, stringDeserializers } from '@platformatic/kafka'
import { systemClock, type Clock, type Subscription } from '@ensemble/runtime'
import { kafkaTransport, type KafkaOptions, type KafkaTold } from '@ensemble/kafka'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Commits } from '../src/commits.ts'
import type { Position } from '../src/lanes.ts'
import { BROKERS, event, expectIds, FAST, idOf, kafkaWorld, SOON, type KafkaWorld } from './support.ts'

const SLOW_READER = fileURLToPath(new URL('./programs/slow-reader.ts', import.meta.url))
/** Where the client library tells of its requests, and which of them commits. */
const REQUESTS = 'tracing:plt:kafka:connections:api:start'
const OFFSET_COMMIT = 8
const COMMIT_EVERY_MS = 100

const stack: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of stack.splice(0).toReversed()) await close()
})

async function opened(given: Partial<KafkaOptions> = {}): Promise<KafkaWorld> {
  const world = await kafkaWorld({ partitions: 1, ...given })
  stack.push(() => world.close())
  return world
}

const TOPIC = 'first.events'

async function send({ transport }: KafkaWorld, ...ids: readonly string[]): Promise<void> {
  await transport.send(ids.map((id) => event(id, { topic: TOPIC, key: 'k' })))
}

function join({ transport }: KafkaWorld): Promise<Subscription> {
  return transport.subscribe({ group: 'g', topics: [TOPIC] })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function there<T>(value: T | null): T {
  if (value === null) throw new Error('nothing yet')
  return value
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => (error as { readonly code?: unknown }).code,
  )

/** Deletes everything before `offset`. */
async function deleteBefore({ admin, options }: KafkaWorld, offset: bigint): Promise<void> {
  await admin.deleteRecords({
    topics: [{ name: `${options.prefix}${TOPIC}`, partitions: [{ partition: 0, offset }] }],
  })
}

describe('an instance that is stopped for longer than its session', () => {
  test('loses its partitions to another, and what it finishes late moves nothing', async () => {
    const world = await opened()
    await send(world, 'a', 'b', 'c', 'd', 'e')
    const child = spawn(process.execPath, [SLOW_READER, JSON.stringify(world.options), TOPIC], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    stack.push(() => void child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('took 0 1 2 3')
    child.kill('SIGSTOP')
    const stopped = performance.now()
    const other = await join(world)
    await expectIds(other, ['a', 'b', 'c', 'd', 'e'])
    const tookOverMs = performance.now() - stopped
    child.kill('SIGCONT')
    child.stdin.write('go on\n')
    expect((await lines.next()).value).toBe('done')
    await vi.waitFor(async () => expect(await world.transport.lag('g')).toEqual([]), SOON)
    child.stdin.write('end\n')
    await once(child, 'exit')
    await send(world, 'f')
    await expectIds(other, ['f'])
    // The machine may be slow, so this is a bound on doing it at all, not the time that it takes.
    expect(tookOverMs).toBeLessThan(FAST.sessionTimeoutMs + 15_000)
  })
})

describe('messages that are gone before a group has read them', () => {
  test('stop the group with MESSAGES_LOST, and it goes on behind them once an operator says so', async () => {
    const world = await opened()
    await send(world, 'a', 'b', 'c', 'd')
    const reader = await join(world)
    await expectIds(reader, ['a', 'b', 'c', 'd'])
    await reader.close()
    await send(world, 'e', 'f', 'g')
    await deleteBefore(world, 6n)
    const again = await join(world)
    await vi.waitFor(async () => expect(await codeOf(again.take(9))).toBe('MESSAGES_LOST'), SOON)
    await expect(again.take(9)).rejects.toMatchObject({
      loss: { group: 'g', topic: TOPIC, partition: 0, nextOffset: 4, startOffset: 6 },
    })
    await again.close()
    expect(await world.transport.forward('g')).toEqual([{ topic: TOPIC, partition: 0, offset: 6 }])
    await expectIds(await join(world), ['g'])
    expect(await world.transport.forward('other')).toEqual([])
  })

  test('stop a reader that is behind while it reads', async () => {
    // One message fills what is read ahead, and what a broker gives at one time.
    const world = await opened({ readAheadCount: 1 })
    for (const id of ['a', 'b', 'c', 'd']) {
      await world.transport.send([{ ...event(id, { topic: TOPIC, key: 'k' }), data: 'x'.repeat(900_000) }])
    }
    const reader = await join(world)
    const first = await vi.waitFor(async () => there(await reader.take(1)), SOON)
    await deleteBefore(world, 3n)
    await first.done()
    const got = first.messages.map(idOf)
    await vi.waitFor(async () => {
      const code = await codeOf(
        reader.take(1).then((next) => void got.push(...(next?.messages.map(idOf) ?? []))),
      )
      expect(code).toBe('MESSAGES_LOST')
    }, SOON)
    expect(got).not.toContain('d')
  })

  test('are no loss to a group that is new: it begins at the earliest that is there', async () => {
    const world = await opened()
    await send(world, 'a', 'b', 'c')
    await deleteBefore(world, 2n)
    await expectIds(await join(world), ['c'])
  })

  test('are one to a group that has joined and read nothing yet', async () => {
    const world = await opened()
    const reader = await join(world)
    await vi.waitFor(async () => expect(await reader.take(1)).toBeNull(), SOON)
    await send(world, 'z')
    await vi.waitFor(async () => expect(await world.transport.lag('g')).toHaveLength(1), SOON)
    await reader.close()
    await deleteBefore(world, 1n)
    const again = await join(world)
    await vi.waitFor(async () => expect(await codeOf(again.take(9))).toBe('MESSAGES_LOST'), SOON)
  })
})

describe('a reader that gets nothing though there is something', () => {
  test('is made anew', async () => {
    const world = await opened({ stallMs: 1_500 })
    const failures: unknown[] = []
    const hear = (told: unknown): void => {
      const { happened, error } = told as KafkaTold & { readonly error?: unknown }
      if (happened === 'failed') failures.push((error as { readonly code?: unknown }).code)
    }
    subscribe('ensemble:kafka', hear)
    stack.push(() => void unsubscribe('ensemble:kafka', hear))
    const reader = await join(world)
    await send(world, 'a')
    await expectIds(reader, ['a'])
    const hangs = vi.spyOn(Consumer.prototype, 'fetch').mockImplementation(() => undefined as never)
    // Ends the question that is out; the next one is never answered.
    await send(world, 'b')
    await vi.waitFor(() => expect(hangs).toHaveBeenCalled(), SOON)
    await send(world, 'c')
    hangs.mockRestore()
    await expectIds(reader, ['b', 'c'])
    expect(failures).toEqual(['STALLED'])
  })
})

describe('topics', () => {
  test('that are there with fewer partitions are refused to readers and to senders', async () => {
    const world = await opened({ partitions: 4 })
    await world.admin.createTopics({
      topics: [`${world.options.prefix}${TOPIC}`],
      partitions: 2,
      replicas: 1,
    })
    const words = 'has 2 partitions, 4 are wanted'
    await expect(join(world)).rejects.toMatchObject({
      code: 'TOPIC_UNFIT',
      message: expect.stringContaining(words),
    })
    await expect(send(world, 'a')).rejects.toMatchObject({ code: 'TOPIC_UNFIT' })
  })

  test('that cannot be made say why', async () => {
    const world = await opened({ replicas: 7 })
    await expect(send(world, 'a')).rejects.toMatchObject({
      code: 'TOPIC_UNFIT',
      message: expect.stringContaining(`cannot create the topic ${world.options.prefix}${TOPIC}`),
    })
  })
})

describe('sending', () => {
  test('a message that is too large is refused by name, before anything of it is sent', async () => {
    const world = await opened({ valueBytesMax: 1_000 })
    const large = event('large', { topic: TOPIC, key: 'k'.repeat(10_000) })
    const words = 'a message to first.events has 20372 bytes, at most 1000 are sent: large'
    expect(() => world.transport.check?.([large])).toThrow(words)
    await expect(world.transport.send([large])).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      message: words,
    })
  })

  test('what an instance of the other content mode could store is sent', async () => {
    const world = await opened()
    await send(world, 'first')
    const stored = event('stored', { topic: TOPIC, key: 'k'.repeat(500) })
    const { length } = JSON.stringify(stored)
    const narrow = kafkaTransport({ ...world.options, valueBytesMax: length })
    stack.push(() => narrow.close())
    expect(() => narrow.check?.([stored])).toThrow('at most')
    await narrow.send([stored])
    await expectIds(await join(world), ['first', 'stored'])
  })

  test('to a topic that takes less than is sent is refused at once, later by the broker', async () => {
    const world = await opened()
    await send(world, 'a')
    const resourceName = `${world.options.prefix}${TOPIC}`
    const configs = [{ name: 'max.message.bytes', value: '1000', configOperation: 0 as const }]
    await world.admin.incrementalAlterConfigs({ resources: [{ resourceType: 2, resourceName, configs }] })
    const large = event('large', { topic: TOPIC, key: 'k'.repeat(1_000) })
    await vi.waitFor(
      async () => expect(await codeOf(world.transport.send([large]))).toBe('MESSAGE_TOO_LARGE'),
      SOON,
    )
    const other = kafkaTransport(world.options)
    stack.push(() => other.close())
    await expect(other.send([large])).rejects.toMatchObject({
      code: 'TOPIC_UNFIT',
      message: expect.stringContaining('takes 1000 bytes'),
    })
  })

  test('many at one time go in few requests', async () => {
    const world = await opened()
    await send(world, 'first')
    const sends = vi.spyOn((await import('@platformatic/kafka')).Producer.prototype, 'send')
    const ids = Array.from({ length: 100 }, (_, index) => `m${index}`)
    await Promise.all(ids.map((id) => send(world, id)))
    expect(sends.mock.calls.length).toBeLessThanOrEqual(2)
    await expectIds(await join(world), ['first', ...ids])
  })

  test('one that cannot be sent fails alone', async () => {
    const world = await opened({ valueBytesMax: 2_000 })
    await send(world, 'first')
    const large = event('large', { topic: TOPIC, key: 'k'.repeat(10_000) })
    const sent = await Promise.allSettled([send(world, 'a'), send(world, 'b'), world.transport.send([large])])
    expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    const reader = await join(world)
    await vi.waitFor(async () => expect(await world.transport.lag('g')).not.toEqual([]), SOON)
    const delivery = await vi.waitFor(async () => there(await reader.take(100)), SOON)
    expect(new Set(delivery.messages.map(idOf))).toEqual(new Set(['first', 'a', 'b']))
  })
})

describe('lag', () => {
  test('counts what a group has not finished, by partition; the backlog is that of all groups here', async () => {
    const world = await opened()
    const reader = await join(world)
    await send(world, 'a', 'b', 'c')
    const delivery = await vi.waitFor(async () => there(await reader.take(1)), SOON)
    expect(await world.transport.lag('g')).toEqual([{ topic: TOPIC, partition: 0, messageCount: 3 }])
    await delivery.done()
    const left = [{ topic: TOPIC, partition: 0, messageCount: 2 }]
    await vi.waitFor(async () => expect(await world.transport.lag('g')).toEqual(left), SOON)
    expect([await world.transport.backlog(), await world.transport.lag('nobody')]).toEqual([2, []])
  })
})

describe('commits', () => {
  test('are few where much is finished, and the last of it is committed soon', async () => {
    const world = await opened({ readAheadCount: 1 })
    const reader = await join(world)
    const ids = Array.from({ length: 100 }, (_, index) => `m${index}`)
    await send(world, ...ids)
    let commits = 0
    const count = (told: unknown): void => {
      if ((told as { readonly apiKey?: unknown }).apiKey === OFFSET_COMMIT) commits += 1
    }
    subscribe(REQUESTS, count)
    stack.push(() => void unsubscribe(REQUESTS, count))
    const begun = performance.now()
    for (let finished = 0; finished < ids.length; finished += 1) {
      const delivery = await vi.waitFor(async () => there(await reader.take(1)), SOON)
      await delivery.done()
      // A round trip, in which a commit would be done.
      await world.transport.ping()
    }
    await vi.waitFor(async () => expect(await world.transport.lag('g')).toEqual([]), SOON)
    expect(commits).toBeGreaterThan(0)
    expect(commits).toBeLessThanOrEqual(2 + (performance.now() - begun) / COMMIT_EVERY_MS)
  })

  test('what waits to be committed is committed before others get its partitions', async () => {
    const world = await opened({ partitions: 4 })
    const never: Clock = {
      now: () => systemClock.now(),
      sleep: (ms, signal) => (ms > COMMIT_EVERY_MS ? systemClock.sleep(ms, signal) : aborted(signal)),
    }
    const late = kafkaTransport(world.options, never)
    stack.push(() => late.close())
    const reader = await late.subscribe({ group: 'g', topics: [TOPIC] })
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`)
    await world.transport.send(keys.map((key) => event(key, { topic: TOPIC, key })))
    let finished = 0
    await vi.waitFor(async () => {
      const delivery = await reader.take(5)
      finished += delivery?.messages.length ?? 0
      await delivery?.done()
      expect(finished).toBe(keys.length)
    }, SOON)
    expect(await world.transport.lag('g')).not.toEqual([])
    await join(world)
    await vi.waitFor(async () => expect(await world.transport.lag('g')).toEqual([]), SOON)
  })
})

describe('commits of a member whose partitions were shared out again', () => {
  test('are of what it has done since: what was left from before says nothing any more', async () => {
    const world = await opened()
    await send(world, 'a', 'b', 'c', 'd')
    const consumer = new Consumer({
      clientId: 'test',
      bootstrapBrokers: BROKERS,
      groupId: `${world.options.prefix}g`,
      deserializers: stringDeserializers,
      autocommit: false,
    })
    stack.push(() => consumer.close(true))
    consumer.topics.trackAll(`${world.options.prefix}${TOPIC}`)
    await consumer.joinGroup({})
    const closing = new AbortController()
    stack.push(() => closing.abort())
    const done = new Map<string, Position>()
    const { signal } = closing
    const commits = new Commits(consumer, {
      settings: world.options,
      clock: systemClock,
      done,
      closing: signal,
    })
    const membership = { memberId: consumer.memberId ?? '', generationId: consumer.generationId ?? 0 }
    const leftAfter = async (): Promise<unknown> => {
      await commits.now()
      return (await world.transport.lag('g')).map(({ messageCount }) => messageCount)
    }
    const at = (offset: number): Position => ({ topic: TOPIC, partition: 0, offset })
    commits.joined(membership)
    commits.note([at(3)])
    expect(await leftAfter()).toEqual([1])
    commits.note([at(2)])
    commits.joined(membership)
    expect(await leftAfter()).toEqual([1])
    commits.note([at(4)])
    expect(await leftAfter()).toEqual([])
  })
})

describe('no broker', () => {
  test('is CONNECTION, soon, to everybody who asks', async () => {
    const nobody = kafkaTransport({ brokers: ['127.0.0.1:1'] })
    stack.push(() => nobody.close())
    expect(await codeOf(nobody.ping())).toBe('CONNECTION')
    expect(await codeOf(nobody.send([event('a', { topic: TOPIC, key: 'k' })]))).toBe('CONNECTION')
    expect(await codeOf(nobody.subscribe({ group: 'g', topics: [TOPIC] }))).toBe('CONNECTION')
  })

  test('answers a ping where there is one', async () => {
    const world = await opened({ brokers: BROKERS })
    await world.transport.ping()
  })
})
