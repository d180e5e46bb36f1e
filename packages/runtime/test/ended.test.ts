// Scenes: waiting for the end of a saga that was just started here: nothing is read for it before a poll is due.
import { expect, it } from 'vitest'
import { manualClock, memoryDatabase, sharedMemoryBus } from '@ensemble/memory'
import { createHost } from '@ensemble/runtime'
import { planOf } from './services.ts'
import { T0, wrapped } from './world.ts'

const plan = planOf('begin', [{ kind: 'retriable' }])

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

it('reads the row at the first poll, and for a second who asks', async () => {
  const clock = manualClock(T0)
  const memory = memoryDatabase({ name: 'desk', clock })
  let loads = 0
  const database = wrapped(memory, {
    onCall: (call) => {
      if (call === 'starts.load') loads += 1
    },
  })
  const host = await createHost({
    service: 'desk',
    database,
    bus: { connect: (what) => sharedMemoryBus().connect({ ...what, database: memory }) },
    plans: [plan],
    starts: true,
    clock,
  })
  await host.start(plan, { id: 'x', input: { key: 'x' } })
  loads = 0
  const name = { plan: 'begin', id: 'x' }
  const first = host.ended(name, { within: '1h' }).catch((error: unknown) => error)
  await turns()
  expect(loads).toBe(0)
  const second = host.ended(name, { within: '1h' }).catch((error: unknown) => error)
  await turns()
  expect(loads).toBe(1)
  await clock.advance(600)
  await turns()
  expect(loads).toBeGreaterThanOrEqual(2)
  await host.stop()
  expect(await Promise.all([first, second])).toMatchObject([
    { code: 'HOST_STOPPED' },
    { code: 'HOST_STOPPED' },
  ])
})
