// Scenes: waiting for the end of a saga that was just started here: nothing is read for it before a poll is due.
import { expect, it } from 'vitest'
import { manualClock, memoryDatabase, sharedMemoryBus } from '@ensemble/memory'
import { createHost } from '@ensemble/runtime'
import { Home, Runner } from '../src/home.ts'
import { serviceOf } from '../src/perform/work.ts'
import { Starter } from '../src/starter.ts'
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

it('is forgotten when nobody has started the saga: its end is left to whoever has', async () => {
  const clock = manualClock(T0)
  const database = memoryDatabase({ name: 'desk', clock })
  const service = serviceOf('desk', null)
  const member = { service, database, perform: {} as never, office: null, observer: null, starter: null }
  const starter = new Starter({
    service: 'desk',
    database,
    link: {} as never,
    clock,
    pattern: 'orchestration',
    runners: [new Runner(new Home(), member, { elapsed: () => 0 })],
    countMax: 100,
    wasKilled: false,
    stopping: new AbortController().signal,
  })
  const name = { plan: 'begin', id: 'x' }
  const waits = starter.ended(name, { within: '1m' })
  expect(starter.hasStarted(name)).toBe(true)
  await expect(waits).rejects.toMatchObject({ code: 'SAGA_UNKNOWN' })
  expect(starter.hasStarted(name)).toBe(false)
})
