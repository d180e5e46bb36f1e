// Scenes: what a service's own call brings about is done with it, as far as those at home can: an answer that it gives
// to a saga is heard in its transaction, and the saga goes on. When it is left to the bus.
import { describe, expect, it } from 'vitest'
import type { Database } from '@ensemble/runtime'
import { marks, system, type Options } from './own-system.ts'
import { contracts, ledger } from './services.ts'
import { wrapped } from './world.ts'

const WAITS = [
  { kind: 'compensatable', form: 'wait' },
  { kind: 'compensatable' },
  { kind: 'retriable' },
] as const

/** The answer to the step that waits, the call's own event, which is for nobody here, and the rest of the saga. */
const GOES_ON = ['event a', 'event', 'command a', 'event a', 'command a', 'event a', 'ended a']
const IS_LEFT = ['event', 'event']

/** Sagas that wait for a call in their first step; the first call of a host does nothing at home. */
async function waiting(options: Options = {}) {
  const made = await system({ steps: WAITS, ...options })
  const { host, plan, clock, database, sent } = made
  await host.execute(contracts.a.look, { key: 'look', step: 'look' })
  /** It waits when this resolves; then no batch is under way. */
  const start = async (id: string): Promise<void> => {
    await host.start(plan, { id, input: { key: id } })
    await clock.advance(1_000)
    sent.length = 0
  }
  /** The call's operation is named by its saga. */
  const pay = (id: string) =>
    host.execute(contracts.a.pay, { key: id, step: 'pay' }, { operation: `pay ${id}` })
  /** But for the saga of the first start, which nobody pays: it is asked about again and again. */
  const batches = () =>
    sent.filter((batch) => batch.every(({ key }) => key !== 'first')).map((batch) => marks(batch))
  const status = async (id: string) => (await host.status({ plan: 'own', id }))?.status
  const entries = async (id: string) =>
    (await ledger.all(database)).map(({ operation }) => operation).filter((name) => name.includes(id))
  return { ...made, start, pay, batches, status, entries }
}

/** Throws this once, when the saga that has heard its answer is stored; counts how often the call has been made. */
function breaking(code: string) {
  const next = { isBroken: false, tries: 0 }
  const wrap = (before: Database): Database =>
    wrapped(before, {
      onCall: (call, [rows]) => {
        if (call === 'operations.insert' && JSON.stringify(rows).includes('pay x')) next.tries += 1
        if (!next.isBroken || call !== 'sagas.update') return
        next.isBroken = false
        throw Object.assign(new Error('broken'), { code })
      },
    })
  return { next, wrap }
}

const DONE = ['pay x', 'own/x/s1/run', 'own/x/s2/run', 'own/x/s3/run']

describe('a call that settles what a saga waits for', () => {
  it('ends the saga in its own transaction', async () => {
    const { clock, start, pay, batches, status, entries, stop } = await waiting()
    await start('x')
    expect(await pay('x')).toMatchObject({ status: 'succeeded' })
    expect(batches()).toEqual([GOES_ON])
    expect(await entries('x')).toEqual(DONE)
    expect(await status('x')).toBe('completed')
    await clock.advance(70_000)
    // Nothing comes of the copies on the bus.
    expect(batches()).toEqual([GOES_ON])
    await stop()
  })

  it.each(['TIMEOUT', 'SQL'])(
    'is made once more without, where it fails at home with %s, and answers once',
    async (code) => {
      const { next, wrap } = breaking(code)
      const { clock, start, pay, batches, status, entries, stop } = await waiting({ wrap })
      await start('x')
      next.isBroken = true
      expect(await pay('x')).toMatchObject({ status: 'succeeded' })
      // What it had brought about the first time was rolled back.
      expect(next.tries).toBe(2)
      expect(batches()).toEqual([IS_LEFT])
      expect(await entries('x')).toEqual(DONE.slice(0, 2))
      await clock.advance(1_000)
      expect(await entries('x')).toEqual(DONE)
      expect(await status('x')).toBe('completed')
      await stop()
    },
  )

  it.each(['CONNECTION', 'COMMIT_UNKNOWN'])('is not made twice: %s is for its caller', async (code) => {
    const { next, wrap } = breaking(code)
    const { clock, start, pay, batches, status, entries, stop } = await waiting({ wrap })
    await start('x')
    next.isBroken = true
    await expect(pay('x')).rejects.toMatchObject({ code })
    expect(next.tries).toBe(1)
    expect(await pay('x')).toMatchObject({ status: 'succeeded' })
    expect(batches()).toEqual([IS_LEFT])
    await clock.advance(1_000)
    expect(await entries('x')).toEqual(DONE)
    expect(await status('x')).toBe('completed')
    await stop()
  })

  it.each(['TIMEOUT', 'UNIQUE'])('does nothing at home for two calls after one with %s', async (code) => {
    const { next, wrap } = breaking(code)
    const { clock, start, pay, batches, sent, stop } = await waiting({ wrap })
    for (const id of ['x', 'y', 'z', 'last']) await start(id)
    next.isBroken = true
    const left: unknown[] = []
    for (const id of ['x', 'y', 'z', 'last']) {
      sent.length = 0
      await pay(id)
      left.push(batches()[0])
      await clock.advance(1_000)
    }
    expect(left).toEqual([IS_LEFT, IS_LEFT, IS_LEFT, GOES_ON])
    await stop()
  })

  it('does nothing at home for ten minutes where the process before was killed', async () => {
    const { clock, start, pay, batches, status, sent, stop } = await waiting({
      before: (database) =>
        database.transaction((tx) =>
          database.stores.progress.count(tx, { topic: '!lives', partition: 0, position: '' }),
        ),
    })
    await start('x')
    await pay('x')
    expect(batches()).toEqual([IS_LEFT])
    await clock.advance(1_000)
    expect(await status('x')).toBe('completed')
    await clock.advance(600_000)
    await start('y')
    sent.length = 0
    await pay('y')
    expect(batches()).toEqual([GOES_ON])
    await stop()
  })
})
