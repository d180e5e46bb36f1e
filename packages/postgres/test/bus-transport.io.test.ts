import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Delivered, Delivery, Transport } from '@ensemble/runtime'
import { postgresTransport } from '../src/bus/transport.ts'
import { engineKit, timer, timers } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'

let kit: Kit
let transport: Transport
beforeEach(async () => {
  kit = await engineKit('bus-transport')
  transport = await postgresTransport(kit.database, { partitions: 1 })
})
afterEach(async () => {
  await transport.close()
  await kit.end()
})

const idOf = (one: Delivered) => (one.ok ? one.message.id : one.reason)
const idsOf = (delivery: Delivery | null) => delivery?.messages.map(idOf) ?? null
const subscribe = () => transport.subscribe({ group: 'reader', topics: ['t'] })

test('what is taken is held from others until it is released or done', async () => {
  const [one, other] = [await subscribe(), await subscribe()]
  await transport.send(timers('t', 5, () => 'k'))
  const first = await one.take(3)
  expect(idsOf(first)).toEqual(['m0', 'm1', 'm2'])
  expect(await other.take(3)).toBeNull()
  await first?.release()
  const again = await other.take(3)
  expect(idsOf(again)).toEqual(['m0', 'm1', 'm2'])
  await again?.done()
  const rest = await one.take(3)
  expect(idsOf(rest)).toEqual(['m3', 'm4'])
  await rest?.done()
  expect(await one.take(3)).toBeNull()
})

test('a position that somebody else moved meanwhile is left where it is', async () => {
  const reader = await subscribe()
  await transport.send([timer('t', 'k', 'a'), timer('t', 'k', 'b')])
  const taken = await reader.take(1)
  const pids = `select pid from pg_locks as l
    where l.relation = 'bus.log_cursor'::regclass and l.pid <> pg_backend_pid()`
  await kit.database.query(`select pg_terminate_backend(p.pid, 5000) from (${pids}) as p`)
  const other = await reader.take(2)
  expect(idsOf(other)).toEqual(['a', 'b'])
  await other?.done()
  await taken?.done()
  expect(await reader.take(2)).toBeNull()
})

test('a lock that was lost while the service worked does not lose its work', async () => {
  const limits = { idleInTransactionTimeoutMs: 50 }
  const short = await postgresTransport(await kit.open({ limits }), {})
  const reader = await short.subscribe({ group: 'reader', topics: ['t'] })
  await short.send([timer('t', 'k', 'a')])
  const taken = await reader.take(1)
  const isHeld = async () =>
    (await (await subscribe()).take(1).then((next) => next?.release().then(() => true))) !== true
  while (await isHeld());
  await taken?.done()
  expect(await reader.take(1)).toBeNull()
  await short.close()
})

test('news reach a subscription of another process', async () => {
  const elsewhere = await postgresTransport(await kit.open(), {})
  const reader = await elsewhere.subscribe({ group: 'reader', topics: ['t'] })
  const told = new Promise<void>((resolve) => reader.onNews(() => resolve()))
  await transport.send([timer('t', 'k', 'a')])
  await told
  const taken = await reader.take(1)
  expect(idsOf(taken)).toEqual(['a'])
  await taken?.done()
  await reader.close()
  await elsewhere.close()
})
