// The seeds of the migrations and the constants of the contracts are the same rows.
import { readFileSync } from 'node:fs'
import { seededBy } from '@ensemble/service/testing'
import { expect, test } from 'vitest'
import { ORDER_STATUS, ORDER_TYPE } from '@ensemble/service-contracts'

test.each([
  ['006_seed_order_type', ORDER_TYPE],
  ['007_seed_order_status', ORDER_STATUS],
])('given the seed %s, when read, then it is the contract', (name, lookup) => {
  expect(seededBy(new URL(`../migrations/${name}.up.sql`, import.meta.url))).toEqual(lookup)
})

test('given the index of order numbers, when read, then the status it leaves out is Failed', () => {
  const sql = readFileSync(new URL('../migrations/004_tb_orders_number.up.sql', import.meta.url), 'utf8')
  expect(sql).toContain(`WHERE id_order_status <> ${ORDER_STATUS.Failed};`)
})
