// Scenes about the orders' table on a real server: round trips, second lines of defence, migrations both ways.
import {
  migratedDatabase,
  refusalOf,
  tableOf,
  type MigratedDatabase,
} from '@ensemble/service/testing/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ORDER_STATUS, ORDER_TYPE, rowIdOf } from '@ensemble/service-contracts'
import { resultOf, type Order } from '../order.ts'
import { orderReads, orderRows } from '../order-store.ts'

const USER_ID = '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21'
const NOW = Date.parse('2024-03-01T09:30:00.123Z')

function orderOf(digit: string, more: Partial<Order> = {}): Order {
  const uuid = `1b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c1${digit}`
  const times = { createdAt: NOW, updatedAt: NOW }
  return {
    uuid,
    orderNumber: `${digit}/ord`,
    userId: USER_ID,
    type: 'SKU',
    status: 'Pending',
    ...times,
    version: 0,
    ...more,
  }
}

let place: MigratedDatabase

beforeAll(async () => {
  place = await migratedDatabase('order', new URL('../migrations/', import.meta.url))
})
afterAll(() => place.end())

const { insert, update, load } = tableOf(
  () => place,
  orderRows,
  ({ uuid }) => uuid,
)

async function lookup(text: string): Promise<unknown> {
  const { rows } = await place.database.query(text)
  return Object.fromEntries(rows.map(({ name, id }) => [name, id]))
}

describe('orders', () => {
  const first = orderOf('1')
  const second = orderOf('2')

  test('given the seeds, when read, then they are the contract', async () => {
    const statuses = await lookup(
      'SELECT nm_status_order AS name, id_order_status AS id FROM tb_order_status',
    )
    expect(statuses).toEqual(ORDER_STATUS)
    expect(await lookup('SELECT order_type AS name, id_order_type AS id FROM tb_order_type')).toEqual(
      ORDER_TYPE,
    )
  })

  test('given two orders, when stored, changed and loaded, then what was meant, one version on', async () => {
    await insert(second, first)
    const changed = orderOf('1', { orderNumber: '1b/ord', status: 'Process', updatedAt: NOW + 1, version: 1 })
    await update(changed)
    expect(await load(second.uuid, first.uuid, orderOf('9').uuid)).toEqual(
      new Map([
        [first.uuid, { ...changed, version: 2 }],
        [second.uuid, { ...second, version: 1 }],
      ]),
    )
  })

  test('given an old version, when changed, then refused', async () => {
    expect(await refusalOf(update(second, orderOf('1', { version: 2 })))).toBe('2201E')
  })

  test("given a user's number, when used again, then refused; a failed order makes room", async () => {
    const twin = orderOf('3', { orderNumber: '2/ord' })
    expect(await refusalOf(insert(twin))).toBe('23505')
    await update(orderOf('2', { status: 'Failed', version: 1 }))
    expect(await refusalOf(insert(twin))).toBe('none')
  })

  test('given a status in use, when deleted, then refused', async () => {
    const deleting = place.database.query('DELETE FROM tb_order_status WHERE nm_status_order = $1::text', [
      'Process',
    ])
    expect(await refusalOf(deleting)).toMatch(/^23(001|503)$/)
  })

  test('given the reads, when asked, then rows as the API shows them, newest first', async () => {
    const reads = orderReads(place.database.read)
    const newest = orderOf('4', { createdAt: NOW + 5, updatedAt: NOW + 5 })
    await insert(newest)
    const row = { id_order: rowIdOf(newest.uuid), ...resultOf(newest) }
    expect(await reads.get(newest.uuid)).toEqual(row)
    expect(await reads.get(orderOf('9').uuid)).toBeUndefined()
    expect(await reads.list({ limit: 1, offset: 0 })).toEqual({ total: 4, results: [row] })
    expect((await reads.list({ limit: 2, offset: 1 })).results.map(({ uuid }) => uuid)).toEqual([
      orderOf('3').uuid,
      second.uuid,
    ])
  })
})

test('given the migrations, when taken back and run again, then they are whole both ways', async () => {
  await place.database.query('DELETE FROM tb_orders')
  const count = 7
  const back = await place.migrate({ direction: 'down', count })
  const again = await place.migrate({ direction: 'up' })
  expect([back.length, again.length]).toEqual([count, count])
})
