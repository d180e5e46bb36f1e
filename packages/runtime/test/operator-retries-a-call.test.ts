// An operator's retry of an effect: one that was given up in doubt and parked was not called again, without a word;
// one whose call was out was called a second time beside it, and the first one's word was lost to a note.
import { describe, expect, test } from 'vitest'
import { planOf } from './services.ts'
import { inWorld, PATTERNS_BOTH, type World } from './world.ts'

const guessed = planOf('guessed', [{ kind: 'compensatable' }, { kind: 'pivot', form: 'guess' }])
const called = planOf('called', [{ kind: 'compensatable' }, { kind: 'pivot', form: 'call' }])

async function retry(world: World, operation: string): Promise<void> {
  const work = world.host('b').retry(operation)
  const settled = work.catch(() => undefined)
  await world.run(0)
  await settled
  await work
}

describe.each(PATTERNS_BOTH)("an operator's retry, %s", (pattern) => {
  test('of a pivot that was given up in doubt: it is called again', async () => {
    await inWorld({ pattern, plans: [guessed], script: { s2: 'hang' } }, async (world) => {
      await world.start(guessed)
      await world.run(5_000)
      const parked = { status: 'calling', parked: 'IN_DOUBT', doubt: true, dueAt: null }
      expect(await world.operation('b', 'guessed/x/s2/run')).toMatchObject(parked)
      world.script.steps.set('s2', 'ok')
      await retry(world, 'guessed/x/s2/run')
      expect(await world.ended(guessed)).toBe('completed')
      expect(world.script.calls.map(({ attempt }) => attempt)).toEqual([1, 2])
    })
  })

  test('of a call that is out: refused, the call goes on alone', async () => {
    await inWorld({ pattern, plans: [called] }, async (world) => {
      const gate = Promise.withResolvers<void>()
      world.script.gate = gate.promise
      await world.start(called)
      await world.until(() => world.script.calls.length === 1)
      await expect(retry(world, 'called/x/s2/run')).rejects.toMatchObject({ code: 'OPERATION_SETTLED' })
      await world.run(0)
      gate.resolve()
      expect(await world.ended(called)).toBe('completed')
      expect(world.script.calls.map(({ attempt }) => attempt)).toEqual([1])
      expect(world.notes().filter((note) => note.includes('reconcile'))).toEqual([])
    })
  })
})
