// The seeds of the migrations and the constants of the contracts are the same rows.
import { readFileSync } from 'node:fs'
import { seededBy } from '@ensemble/service/testing'
import { expect, test } from 'vitest'
import { PAYMENT_MODEL, PAYMENT_STATUS } from '@ensemble/service-contracts'

test.each([
  ['007_seed_payment_status', PAYMENT_STATUS],
  ['008_seed_payment_model', PAYMENT_MODEL],
])('given the seed %s, when read, then it is the contract', (name, lookup) => {
  expect(seededBy(new URL(`../migrations/${name}.up.sql`, import.meta.url))).toEqual(lookup)
})

test("given the table's checks, when read, then they name Paid and Failed by their ids", () => {
  const sql = readFileSync(new URL('../migrations/003_tb_payment.up.sql', import.meta.url), 'utf8')
  expect(sql).toMatch(
    new RegExp(`tb_payment_ck_paid CHECK \\(\\s*id_payment_status <> ${PAYMENT_STATUS.Paid}\\s`),
  )
  expect(sql).toMatch(
    new RegExp(`tb_payment_ck_failed CHECK \\(\\s*id_payment_status <> ${PAYMENT_STATUS.Failed}\\s`),
  )
})
