// What reaches an operation from outside the bus: settlements in a team's own transaction, an operator's retry and
// supplied outcome, a cancel in the caller's transaction; and what is refused.
import { rejected, succeeded } from '@ensemble/core'
import { describe, expect, it } from 'vitest'
import { planOf } from './services.ts'
import { inWorld, PATTERNS_BOTH, type World } from './world.ts'

const paid = planOf('paid', [
  { kind: 'compensatable' },
  { kind: 'pivot', form: 'wait' },
  { kind: 'retriable' },
])
const sure = planOf('sure', [{ kind: 'compensatable' }, { kind: 'retriable' }])

/** Waits for what needs the manual clock to go on. */
async function done<T>(world: World, work: Promise<T>): Promise<T> {
  const settled = work.catch(() => undefined)
  await world.run(0)
  await settled
  return await work
}

async function settle(world: World, operation: string): Promise<void> {
  const work = world
    .database('b')
    .transaction((tx) => world.host('b').settle(tx, { operation, outcome: succeeded({ by: 'the bank' }) }))
  await done(world, work)
}

describe.each(PATTERNS_BOTH)('an operation from outside, %s', (pattern) => {
  it('deferred, is settled in a transaction of its service, and only once', async () => {
    await inWorld({ pattern, plans: [paid] }, async (world) => {
      await world.start(paid)
      await world.run(2_000)
      await settle(world, 'paid/x/s2/run')
      expect(await world.ended(paid)).toBe('completed')
      await expect(settle(world, 'paid/x/s2/run')).rejects.toMatchObject({ code: 'OPERATION_SETTLED' })
      await expect(settle(world, 'paid/y/s2/run')).rejects.toMatchObject({ code: 'OPERATION_UNKNOWN' })
    })
  })

  it('answered, is answered again as often as wanted, and the saga goes on once', async () => {
    await inWorld({ pattern, plans: [paid] }, async (world) => {
      await world.start(paid)
      await world.run(2_000)
      const again = async (operation: string) => await done(world, world.host('b').answerAgain(operation))
      expect([await again('paid/x/s2/run'), await again('paid/y/s2/run')]).toEqual([false, false])
      await settle(world, 'paid/x/s2/run')
      expect([await again('paid/x/s2/run'), await again('paid/x/s2/run')]).toEqual([true, true])
      expect(await world.ended(paid)).toBe('completed')
      expect(await world.operation('b', 'paid/x/s2/run')).toMatchObject({ status: 'succeeded', again: 2 })
      expect(world.history().filter(({ type }) => type === 'ended')).toHaveLength(1)
    })
  })

  it('supplied by an operator while it waits, is withdrawn with that outcome', async () => {
    await inWorld({ pattern, plans: [paid] }, async (world) => {
      await world.start(paid)
      await world.run(2_000)
      const outcome = rejected('no', { why: 'fraud' })
      await done(world, world.host('b').supply('paid/x/s2/run', { outcome, by: 'ann' }))
      expect(await world.ended(paid)).toBe('compensated')
      const [back] = world.history().filter(({ type }) => type === 'going-back')
      expect(back).toMatchObject({ because: { step: 's2', status: 'rejected', reason: 'no' } })
      const again = world.host('b').supply('paid/x/s2/run', { outcome: succeeded({}), by: 'ann' })
      await expect(done(world, again)).rejects.toMatchObject({ code: 'OPERATION_SETTLED' })
    })
  })

  it('that cannot be refused is not said to be: the saga would wait for ever', async () => {
    await inWorld({ pattern, plans: [sure], script: { s2: 'throw' } }, async (world) => {
      await world.start(sure)
      await world.run(5_000)
      const outcome = rejected('no', {})
      const refused = world.host('b').supply('sure/x/s2/run', { outcome, by: 'ann' })
      await expect(done(world, refused)).rejects.toMatchObject({ code: 'OUTCOME_IMPOSSIBLE' })
      await done(world, world.host('b').supply('sure/x/s2/run', { outcome: succeeded(), by: 'ann' }))
      expect(await world.ended(sure)).toBe('completed')
    })
  })

  it("set aside, is tried at once on an operator's word instead of after its backoff", async () => {
    const settings = { retry: { delayMsMin: 3_600_000, delayMsMax: 3_600_000, attemptsMax: 2 } }
    await inWorld({ pattern, plans: [sure], script: { s2: 'throw' }, settings }, async (world) => {
      await world.start(sure)
      await world.run(5_000)
      expect(await world.operation('b', 'sure/x/s2/run')).toMatchObject({ status: 'set_aside', attempt: 1 })
      world.script.steps.set('s2', 'ok')
      await done(world, world.host('b').retry('sure/x/s2/run'))
      expect(await world.ended(sure, 'x', 10_000)).toBe('completed')
      await expect(done(world, world.host('b').retry('sure/x/s2/run'))).rejects.toMatchObject({
        code: 'OPERATION_SETTLED',
      })
    })
  })

  it("a cancel in the caller's own transaction happens with it or not at all", async () => {
    await inWorld({ pattern, plans: [paid] }, async (world) => {
      await world.start(paid)
      await world.run(2_000)
      const cancel = { reason: 'closed the account', by: 'customer' }
      const rolledBack = world.database('desk').transaction(async (tx) => {
        await world.desk.cancelIn(tx, { plan: 'paid', id: 'x' }, cancel)
        throw new Error('the caller changed its mind')
      })
      await expect(done(world, rolledBack)).rejects.toThrow('changed its mind')
      await world.run(5_000)
      expect((await world.desk.status({ plan: 'paid', id: 'x' }))?.status).toBe('running')
      await done(
        world,
        world
          .database('desk')
          .transaction((tx) => world.desk.cancelIn(tx, { plan: 'paid', id: 'x' }, cancel)),
      )
      expect(await world.ended(paid)).toBe('compensated')
    })
  })
})

it('a saga whose participant has forgotten the operation is parked, not undone', async () => {
  const hour = 3_600_000
  const settings = { operationRetentionMs: 3 * hour, pollMs: hour, sweepMs: hour }
  await inWorld({ pattern: 'orchestration', plans: [sure], settings }, async (world) => {
    await world.stopHost('a')
    await world.start(sure)
    await world.run(1_000)
    const database = world.database('a')
    await done(
      world,
      database.transaction((tx) => database.stores.registry.moveHorizon(tx, world.clock.now() + 1)),
    )
    await world.clock.advance(2 * hour)
    await world.startHost('a')
    await world.run(5_000)
    const sagas = world.database('orchestrator')
    const [row] = await done(
      world,
      sagas.transaction((tx) => sagas.stores.sagas.load(tx, [{ plan: 'sure', id: 'x' }])),
    )
    expect(row?.parked).toBe('TOO_OLD')
    expect(world.history().map(({ type }) => type)).toEqual(['started', 'asked'])
  })
})

it.each(PATTERNS_BOTH)(
  'an input that no message could carry is refused before anything is stored, %s',
  async (pattern) => {
    await inWorld({ pattern, plans: [sure] }, async (world) => {
      const input = { key: 'x', ballast: 'b'.repeat(600_000) }
      await expect(done(world, world.desk.start(sure, { id: 'x', input }))).rejects.toMatchObject({
        code: 'SAGA_INPUT_INVALID',
      })
      expect(await world.desk.status({ plan: 'sure', id: 'x' })).toBeNull()
    })
  },
)
