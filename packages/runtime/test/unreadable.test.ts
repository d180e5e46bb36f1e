// Scenes: a message that the codec lets through and nobody can read: a bus that asks whether it means something here is
// told that it does, so that it is handed out, and put away.
import { TOPIC, type Message } from '@ensemble/core'
import { manualClock, memoryDatabase, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { createHost, type Bus, type Link } from '@ensemble/runtime'
import { expect, it } from 'vitest'
import { planOf } from './services.ts'
import { inWorld, lettersOf, T0 } from './world.ts'

const plan = planOf('p', [{ kind: 'pivot' }])
const broken = {
  id: 'broken',
  topic: TOPIC.events('a'),
  key: 'x',
  type: 'event',
  name: 'a.made',
  source: 'a',
  at: 1,
  saga: { plan: 'p', id: 'x', pattern: 'orchestration' },
  operation: 'p/x/s1/run',
} as unknown as Message

it('an event without an answer means something to an orchestrator', async () => {
  const asked: Parameters<Link['onNews']>[0][] = []
  const shared = sharedMemoryBus({ partitions: 1 })
  const bus: Bus = {
    connect: async (what) => ({ ...(await shared.connect(what)), onNews: (news) => void asked.push(news) }),
  }
  const clock = manualClock(T0)
  const database = memoryDatabase({ name: 'o', clock })
  const at = { clock, bus, ids: seededIds(1), plans: [plan], database }
  const host = await createHost({ ...at, service: 'o', orchestrates: true })
  const sane = { ...broken, saga: null, operation: null, answer: null, slip: null, again: 0 } as Message
  expect(asked.map((means) => [means([broken]), means([sane])])).toEqual([[true, false]])
  const stopped = host.stop()
  await clock.advance(5_000)
  await stopped
})

it.each(['shared', 'outboxed'] as const)('is put away by a host on a bus that is %s', async (bus) => {
  await inWorld({ pattern: 'orchestration', plans: [plan], bus }, async (world) => {
    world.raw(broken)
    await world.run(10_000)
    expect(await lettersOf(world, 'orchestrator')).toEqual([expect.stringContaining('"broken"')])
    await world.start(plan)
    expect(await world.ended(plan)).toBe('completed')
  })
})
