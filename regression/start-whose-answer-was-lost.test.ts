// A process that was stopped while it registered at the bus was continued after its session had ended: it did not know
// whether that was committed, and its start failed, although registering twice is registering once. Found by the crash
// points (stopped after log.register).
import { manualClock, memoryDatabase, MemoryError, seededIds, sharedMemoryBus } from '@ensemble/memory'
import { createHost, type Bus } from '@ensemble/runtime'
import { expect, test } from 'vitest'

const clock = manualClock(1_780_000_000_000)

/** Connects, and its answer is lost so many times. */
function losing(bus: Bus, times: number): Bus {
  let left = times
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      left -= 1
      if (left >= 0) throw new MemoryError('COMMIT_UNKNOWN', 'no answer to COMMIT')
      return link
    },
  }
}

const start = (times: number) =>
  createHost({
    service: 'desk',
    database: memoryDatabase({ name: 'desk', clock }),
    bus: losing(sharedMemoryBus({ partitions: 1 }), times),
    clock,
    ids: seededIds(1),
    observer: { topics: ['told'], record: async () => undefined },
  })

test('a start whose answer was lost is made once more', async () => {
  const host = await start(1)
  await host.stop()
})

test('one that loses its answers for ever fails', async () => {
  await expect(start(9)).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
})
