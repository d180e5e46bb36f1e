// What a bus can never carry is refused before COMMIT: in an outbox it would fail for ever, and everything behind it.
import type { Message } from '@ensemble/core'
import { manualClock, memoryBus, memoryDatabase, seededIds } from '@ensemble/memory'
import { createHost, outboxed, type Transport } from '@ensemble/runtime'
import { describe, expect, it } from 'vitest'
import { implementationOf, newScript, planOf } from './services.ts'
import { T0 } from './world.ts'

const plan = planOf('sale', [{ kind: 'compensatable' }, { kind: 'retriable' }])

type IsTooLarge = (message: Message) => boolean

function narrow(isTooLarge: IsTooLarge): Transport {
  const transport = memoryBus({ partitions: 1 })
  const check = (messages: readonly Message[]): void => {
    if (messages.some(isTooLarge)) throw Object.assign(new Error('too large'), { code: 'MESSAGE_TOO_LARGE' })
  }
  return {
    check,
    send: async (messages) => {
      check(messages)
      await transport.send(messages)
    },
    subscribe: (what) => transport.subscribe(what),
    close: () => transport.close(),
  }
}

function system(isTooLarge: IsTooLarge) {
  const clock = manualClock(T0)
  const at = { clock, bus: outboxed(narrow(isTooLarge), seededIds(2)), ids: seededIds(1), plans: [plan] }
  const desk = memoryDatabase({ name: 'desk', clock })
  const script = newScript()
  return {
    clock,
    desk,
    open: async () => [
      await createHost({ ...at, service: 'desk', database: desk, starts: true }),
      await createHost({
        ...at,
        service: 'orchestrator',
        database: memoryDatabase({ name: 'orchestrator', clock }),
        orchestrates: true,
      }),
      ...(await Promise.all(
        (['a', 'b'] as const).map((service) =>
          createHost({
            ...at,
            service,
            database: memoryDatabase({ name: service, clock }),
            implementation: implementationOf(service, script),
          }),
        ),
      )),
    ],
  }
}

describe('a message that the bus can never carry', () => {
  it('refuses the start that needs it, and nothing is left behind', async () => {
    const { clock, desk, open } = system(({ type }) => type === 'start')
    const hosts = await open()
    const refused = hosts[0]?.start(plan, { id: 'huge', input: { key: 'huge' } })
    const code = refused?.then(
      () => 'none',
      (error: unknown) => (error as { code?: unknown }).code,
    )
    await clock.advance(1_000)
    expect(await code).toBe('MESSAGE_TOO_LARGE')
    expect(await hosts[0]?.status({ plan: 'sale', id: 'huge' })).toBeNull()
    expect(await desk.stores.outbox.claim(desk, { countMax: 10, claimAfterMs: -1_000_000 })).toEqual([])
    const stopped = Promise.all(hosts.map((host) => host.stop()))
    await clock.advance(5_000)
    await stopped
  })

  it('as an answer is answered faulted instead, and the saga goes back', async () => {
    const { clock, open } = system(
      (message) =>
        message.type === 'event' && message.answer?.status === 'succeeded' && message.key === 'big',
    )
    const hosts = await open()
    const starting = hosts[0]?.start(plan, { id: 'big', input: { key: 'big' } })
    await clock.advance(60_000)
    await starting
    const status = hosts[0]?.status({ plan: 'sale', id: 'big' })
    await clock.advance(0)
    expect(await status).toMatchObject({ status: 'compensated' })
    const stopped = Promise.all(hosts.map((host) => host.stop()))
    await clock.advance(5_000)
    await stopped
  })
})
