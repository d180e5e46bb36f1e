// What is behind the COMMIT of a batch: nobody waits until its transport has taken it as done; that it refused to is
// told by the next receive.
import { manualClock, memoryDatabase, seededIds } from '@ensemble/memory'
import { outboxed, type Delivery, type Transport } from '@ensemble/runtime'
import { expect, test } from 'vitest'
import { T0 } from './world.ts'

function deliveringTo(done: Delivery['done']): Transport {
  const message = { ok: false, text: '', reason: '' } as const
  const delivery: Delivery = {
    messages: [{ ...message, topic: 'a.events', partition: 0, position: '0' }],
    done,
    release: async () => undefined,
  }
  return {
    send: async () => undefined,
    subscribe: async () => ({
      take: async () => delivery,
      onNews: () => undefined,
      close: async () => undefined,
    }),
    close: async () => undefined,
  }
}

async function receiving(done: Delivery['done']) {
  const database = memoryDatabase({ name: 'a', clock: manualClock(T0) })
  const bus = outboxed(deliveringTo(done), seededIds(1))
  const link = await bus.connect({ service: 'a', database, topics: ['a.events'] })
  return () => link.receive(10, async () => [])
}

test('the next batch is received while the one before is not taken as done', async () => {
  const receive = await receiving(() => new Promise(() => undefined))
  expect([await receive(), await receive()]).toEqual([1, 1])
})

test('that it was refused is told by the next receive, once', async () => {
  const refusals = [new Error('lost the partition')]
  const receive = await receiving(async () => {
    const refusal = refusals.shift()
    if (refusal !== undefined) throw refusal
  })
  expect(await receive()).toBe(1)
  await expect(receive()).rejects.toThrow('lost the partition')
  expect(await receive()).toBe(1)
})
