// Scenes: a start is stored without a look at what is there; one that is not new is refused by its row, and then looked
// for. After that starts look first for a while, and so does one of a saga that is known to run.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { manualClock, memoryDatabase, sharedMemoryBus, type ManualClock } from '@ensemble/memory'
import { createHost, type Database, type Host } from '@ensemble/runtime'
import { saga, type Plan } from '@ensemble/core'
import { contracts, planOf, PlanInput } from './services.ts'
import { T0, wrapped } from './world.ts'

const plan = planOf('begin', [{ kind: 'retriable' }])
const bus = sharedMemoryBus()
let clock: ManualClock
let memory: Database
let calls: string[]
const hosts: Host[] = []

async function instance(own: Plan = plan): Promise<Host> {
  const database = wrapped(memory, {
    onCall: (call) => {
      if (call === 'starts.load' || call === 'starts.insert') calls.push(call)
    },
  })
  const host = await createHost({
    service: 'desk',
    database,
    bus: { connect: (what) => bus.connect({ ...what, database: memory }) },
    plans: [own],
    starts: true,
    orchestrates: true,
    clock,
  })
  hosts.push(host)
  return host
}

beforeEach(() => {
  clock = manualClock(T0)
  memory = memoryDatabase({ name: 'desk', clock })
  calls = []
})

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop()
})

const start = (host: Host, id: string, key = id) => host.start(plan, { id, input: { key } })
const NEW = ['starts.insert']
const LOOKS = ['starts.load', 'starts.insert']

it('does not look for itself', async () => {
  const host = await instance()
  expect(await start(host, 'x')).toMatchObject({ isNew: true })
  expect(calls).toEqual(NEW)
})

it('that another instance has stored is found when its row is refused; then fifty batches look first', async () => {
  const [one, other] = [await instance(), await instance()]
  await start(one, 'x')
  calls = []
  expect(await start(other, 'x')).toMatchObject({ isNew: false, startedAt: T0 })
  expect(calls).toEqual([...NEW, 'starts.load'])
  calls = []
  for (let number = 1; number <= 50; number += 1) await start(other, `look ${number}`)
  expect(calls.filter((call) => call === 'starts.load')).toHaveLength(50)
  calls = []
  await start(other, 'y')
  expect(calls).toEqual(NEW)
})

it('of a saga that this instance has started looks at once', async () => {
  const host = await instance()
  await start(host, 'x')
  calls = []
  expect(await start(host, 'x')).toMatchObject({ isNew: false })
  await expect(start(host, 'x', 'other')).rejects.toMatchObject({ code: 'SAGA_STARTED_DIFFERENTLY' })
  expect(calls).toEqual(['starts.load', 'starts.load'])
})

it('of many, of which one is not new: all are looked for, and each has its answer', async () => {
  const [one, other] = [await instance(), await instance()]
  await start(one, 'x')
  calls = []
  const answers = await Promise.all(['first', 'a', 'x', 'b'].map((id) => start(other, id)))
  expect(answers.map(({ isNew }) => isNew)).toEqual([true, true, false, true])
  expect(calls).toEqual([...NEW, ...LOOKS])
})

it('that can no longer be decided is looked for: what was started stays started', async () => {
  let isBroken = false
  const fragile = saga('begin', { version: 1, input: PlanInput })
    .retriable('s1', {
      run: contracts.a.finish(() => {
        if (isBroken) throw new Error('it throws')
        return { key: 'x', mark: 'x', amount: 1 } as never
      }),
    })
    .end({})
  const again = (host: Host) => host.start(fragile, { id: 'x', input: { key: 'x' }, pattern: 'choreography' })
  await again(await instance(fragile))
  isBroken = true
  expect(await again(await instance(fragile))).toMatchObject({ isNew: false })
})
