// Scenes: what goes on where a message that cannot be handled was put away.
import type { Message } from '@ensemble/core'
import { expect, it } from 'vitest'
import { planOf } from './services.ts'
import { inWorld, lettersOf, PATTERNS_BOTH, wrapped } from './world.ts'

// Found by the simulator: the row stayed parked, which its watch takes for a retry under way.
it('is asked for again where the retry of the parked decision is buried', async () => {
  const steps = [{ kind: 'compensatable' }, { kind: 'retriable' }] as const
  const good = planOf('throws', steps)
  const throwing = planOf('throws', steps, { throws: 's2' })
  let breaks = true
  const once = (call: string): void => {
    if (call !== 'sagas.load' || !breaks) return
    breaks = false
    throw Object.assign(new Error('broken'), { code: 'SQL' })
  }
  const settings = { batchCountMax: 1 }
  await inWorld({ pattern: 'orchestration', plans: [throwing], settings }, async (world) => {
    await world.start(throwing)
    await world.until(() => world.notes().some((note) => note.includes('PLAN_THROWS')), 5_000)
    await world.stopHost('orchestrator')
    world.plans = [good]
    await world.startHost('orchestrator', (database) => wrapped(database, { onCall: once }))
    expect(await world.ended(good, 'x', 700_000)).toBe('completed')
    expect((await lettersOf(world, 'orchestrator')).map((text) => text.includes('"retry"'))).toEqual([true])
  })
})

// Found by the simulator: an orchestrated saga that had ended was not told of again, however often it was repaired.
it.each(PATTERNS_BOTH)('is repaired where its starter has buried its end (%s)', async (pattern) => {
  const plan = planOf('ends', [{ kind: 'compensatable' }, { kind: 'retriable' }])
  let breaks = true
  const once = (call: string): void => {
    if (call !== 'starts.ended' || !breaks) return
    breaks = false
    throw Object.assign(new Error('broken'), { code: 'SQL' })
  }
  await inWorld({ pattern, plans: [plan], settings: { batchCountMax: 1 } }, async (world) => {
    await world.stopHost('desk')
    await world.startHost('desk', (database) => wrapped(database, { onCall: once }))
    await world.start(plan)
    await world.until(() => !breaks)
    await world.run(60_000)
    expect((await world.desk.status({ plan: 'ends', id: 'x' }))?.status).toBe('running')
    await world.desk.repair({ plan: 'ends', id: 'x' }, 1)
    expect(await world.ended(plan)).toBe('completed')
    expect(await world.doubled()).toEqual([])
  })
})

// Found by the simulator: put away unread, it repaired nothing, and whoever had the turn waited for ever.
it.each(PATTERNS_BOTH)('goes on where what asks again for a lost answer is buried (%s)', async (pattern) => {
  const plan = planOf('asks', [{ kind: 'compensatable' }, { kind: 'retriable' }])
  let isLost = false
  const loses = (message: Message): boolean => {
    if (isLost || message.type !== 'event' || message.operation === null) return false
    isLost = true
    return true
  }
  let breaks = true
  const once = (call: string): void => {
    if (call !== 'operations.load' || !breaks) return
    breaks = false
    throw Object.assign(new Error('broken'), { code: 'SQL' })
  }
  await inWorld({ pattern, plans: [plan], loses, settings: { batchCountMax: 1 } }, async (world) => {
    await world.start(plan)
    await world.until(() => isLost)
    await world.stopHost('a')
    await world.startHost('a', (database) => wrapped(database, { onCall: once }))
    await world.desk.repair({ plan: 'asks', id: 'x' }, 1)
    expect(await world.ended(plan)).toBe('completed')
    expect([breaks, await world.doubled()]).toEqual([false, []])
  })
})
