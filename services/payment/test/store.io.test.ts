// Scenes about the payments' tables on a real server: round trips, second lines of defence, migrations both ways.
import {
  migratedDatabase,
  refusalOf,
  tableOf,
  type MigratedDatabase,
} from '@ensemble/service/testing/database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PAYMENT_MODEL, PAYMENT_STATUS, rowIdOf } from '@ensemble/service-contracts'
import { resultOf, type Credit, type Payment, type PaymentEntry } from '../payment.ts'
import { creditRows, paymentEntries, paymentReads, paymentRows } from '../payment-store.ts'
import { cancelled, NOW, ORDER_ID, paid, part, pending, USER_ID } from './support.ts'

const SECOND_ID = '2b8a6c1e-2f55-4d0e-8a59-6d3d7a0b9c11'
const open: Payment = { ...pending, uuid: SECOND_ID, amountDue: null, createdAt: NOW + 5, updatedAt: NOW + 5 }

let place: MigratedDatabase

beforeAll(async () => {
  place = await migratedDatabase('payment', new URL('../migrations/', import.meta.url))
})
afterAll(() => place.end())

const { insert, update, load } = tableOf(
  () => place,
  paymentRows,
  ({ uuid }) => uuid,
)
const append = (...entries: PaymentEntry[]) =>
  place.database.transaction((tx) => paymentEntries.append(tx, entries))

async function lookup(text: string): Promise<unknown> {
  const { rows } = await place.database.query(text)
  return Object.fromEntries(rows.map(({ name, id }) => [name, id]))
}

describe('payments', () => {
  test('given the seeds, when read, then they are the contract', async () => {
    const statuses = await lookup(
      'SELECT nm_payment_status AS name, id_payment_status AS id FROM tb_payment_status',
    )
    const models = await lookup(
      'SELECT nm_payment_model AS name, id_payment_model AS id FROM tb_payment_model',
    )
    expect(statuses).toEqual(PAYMENT_STATUS)
    expect(models).toEqual(PAYMENT_MODEL)
  })

  test('given two payments, when stored, paid and loaded, then what was meant, one version on', async () => {
    await insert(open, pending)
    await update({ ...part, version: 1 })
    expect(await load(ORDER_ID, SECOND_ID)).toEqual(
      new Map([
        [ORDER_ID, { ...part, version: 2 }],
        [SECOND_ID, { ...open, version: 1 }],
      ]),
    )
    await update({ ...paid, version: 2 })
    expect((await load(ORDER_ID)).get(ORDER_ID)).toEqual({ ...paid, version: 3 })
  })

  test('given an old version, when changed, then refused', async () => {
    expect(await refusalOf(update({ ...paid, version: 2 }))).toBe('2201E')
  })

  test.each([
    ['Paid without its amount', { ...paid, changed: 0 }],
    ['Paid of an open amount', { ...paid, amountDue: null }],
    ['Failed that keeps money', { ...cancelled, received: 5 }],
    ['Failed for no reason', { ...cancelled, because: null }],
    ['money below zero', { ...part, received: -1 }],
  ] as const)('given %s, when stored, then the table refuses it', async (_what, wrong) => {
    expect(await refusalOf(update({ ...wrong, version: 3 }))).toBe('23514')
  })

  test('given a model in use, when deleted, then refused', async () => {
    const deleting = place.database.query('DELETE FROM tb_payment_model WHERE nm_payment_model = $1::text', [
      'Transfer',
    ])
    expect(await refusalOf(deleting)).toMatch(/^23(001|503)$/)
  })

  test('given the reads, when asked, then rows as the API shows them, newest first', async () => {
    const reads = paymentReads(place.database.read)
    const newest = { id_payment: rowIdOf(SECOND_ID), ...resultOf(open) }
    const older = { id_payment: rowIdOf(ORDER_ID), ...resultOf(paid) }
    expect(await reads.get(SECOND_ID)).toEqual(newest)
    expect(await reads.get(USER_ID)).toBeUndefined()
    expect(await reads.list({ limit: 2, offset: 0 })).toEqual({ total: 2, results: [newest, older] })
    expect(await reads.list({ limit: 2, offset: 1 })).toEqual({ total: 2, results: [older] })
  })
})

describe('the ledger', () => {
  const entry: PaymentEntry = {
    paymentId: ORDER_ID,
    kind: 'in',
    amount: 120_000,
    operation: 'http/1',
    bankAccountNumber: '77',
    at: NOW,
  }

  test('given what came in and went back, when booked, then it is there once', async () => {
    await append(entry, { ...entry, kind: 'change', amount: 20_000 })
    expect(await refusalOf(append(entry))).toBe('23505')
    const { rows } = await place.database.query(
      'SELECT kind, amount, created_at FROM tb_payment_entry WHERE uuid_payment = $1::uuid ORDER BY amount DESC',
      [ORDER_ID],
    )
    expect(rows).toEqual([
      { kind: 'in', amount: '120000', created_at: new Date(NOW) },
      { kind: 'change', amount: '20000', created_at: new Date(NOW) },
    ])
  })

  test('given no payment, or no amount, when booked, then refused', async () => {
    expect(await refusalOf(append({ ...entry, paymentId: USER_ID }))).toBe('23503')
    expect(await refusalOf(append({ ...entry, operation: 'http/2', amount: 0 }))).toBe('23514')
  })
})

describe('credit', () => {
  const credit = (open: number, version: number): Credit => ({ userId: USER_ID, open, version })
  const credits = tableOf(
    () => place,
    creditRows,
    ({ userId }) => userId,
  )

  test('given a debt, when paid, then what is left: never below zero, never an old version', async () => {
    await credits.insert(credit(500, 0))
    await credits.update(credit(200, 1))
    expect(await credits.load(USER_ID, ORDER_ID)).toEqual(new Map([[USER_ID, credit(200, 2)]]))
    expect(await refusalOf(credits.update(credit(100, 1)))).toBe('2201E')
    expect(await refusalOf(credits.update(credit(-1, 2)))).toBe('23514')
  })
})

test('given the migrations, when taken back and run again, then they are whole both ways', async () => {
  await place.database.query('DELETE FROM tb_payment_entry')
  await place.database.query('DELETE FROM tb_payment')
  const count = 8
  const back = await place.migrate({ direction: 'down', count })
  const again = await place.migrate({ direction: 'up' })
  expect([back.length, again.length]).toEqual([count, count])
})
