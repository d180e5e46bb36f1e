import { afterAll, beforeAll, expect, test } from 'vitest'
import { statementOf } from '../src/database/statement.ts'
import { tableEntries, tableRows } from '../src/rows.ts'
import { engineKit } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'

let kit: Kit
beforeAll(async () => {
  kit = await engineKit('store-rows')
  await kit.database.query(
    'CREATE TABLE account (id text PRIMARY KEY, owner text NOT NULL, balance int8 NOT NULL, version int8 NOT NULL)',
  )
  await kit.database.query('CREATE TABLE ledger (account text NOT NULL, amount int8 NOT NULL)')
})
afterAll(() => kit.end())

interface Account {
  readonly id: string
  readonly owner: string
  readonly balance: number
  readonly version: number
}

const accounts = tableRows<Account>({
  name: 'account',
  load: statementOf(
    'account_load',
    `SELECT a.id, a.owner, a.balance, a.version FROM account AS a
    WHERE a.id = ANY ($1::text[]) ORDER BY a.id ASC FOR UPDATE`,
  ),
  insert: statementOf(
    'account_insert',
    `INSERT INTO account (id, owner, balance, version) SELECT r.id, r.owner, r.balance, 1::int8
    FROM jsonb_to_recordset($1::jsonb) AS r (id text, owner text, balance int8)`,
  ),
  update: statementOf(
    'account_update',
    `UPDATE account AS a SET balance = r.balance, version = r.version + 1::int8
    FROM jsonb_to_recordset($1::jsonb) AS r (id text, balance int8, version int8)
    WHERE a.id = r.id AND a.version = r.version
    RETURNING a.id`,
  ),
  decode: (row) => ({
    id: String(row['id']),
    owner: String(row['owner']),
    balance: Number(row['balance']),
    version: Number(row['version']),
  }),
  key: ({ id }) => id,
  encode: (state) => ({ ...state }),
})

const ledger = tableEntries<{ readonly account: string; readonly amount: number }>({
  name: 'ledger',
  insert: statementOf(
    'ledger_insert',
    `INSERT INTO ledger (account, amount) SELECT r.account, r.amount
    FROM jsonb_to_recordset($1::jsonb) AS r (account text, amount int8)`,
  ),
  encode: (entry) => entry,
})

const account = (id: string, balance: number, version: number): Account => ({
  id,
  owner: `o-${id}`,
  balance,
  version,
})
const row = (state: Account) => ({ key: state.id, state })

test('a table of a service is loaded, inserted and updated in bulk, and appended to', async () => {
  const { database } = kit
  const load = (...keys: string[]) => database.transaction((tx) => accounts.load(tx, keys))
  await database.transaction(async (tx) => {
    tx.defer(accounts.insert(tx, [row(account('b', 2, 0)), row(account('a', 1, 0))]))
    tx.defer(
      ledger.append(tx, [
        { account: 'a', amount: 1 },
        { account: 'b', amount: 2 },
      ]),
    )
  })
  expect([...(await load('b', 'none', 'a'))]).toEqual([
    ['a', account('a', 1, 1)],
    ['b', account('b', 2, 1)],
  ])

  await database.transaction(async (tx) => tx.defer(accounts.update(tx, [row(account('a', 5, 1))])))
  expect(await load('a')).toEqual(new Map([['a', account('a', 5, 2)]]))

  const late = database.transaction(async (tx) => {
    tx.defer(accounts.update(tx, [row(account('b', 9, 1)), row(account('a', 9, 1))]))
  })
  await expect(late).rejects.toMatchObject({ code: 'MOVED' })
  const twice = database.transaction((tx) =>
    accounts.insert(tx, [row(account('c', 1, 0)), row(account('a', 1, 0))]),
  )
  await expect(twice).rejects.toMatchObject({ code: 'UNIQUE' })
  expect(await load('a', 'b', 'c')).toEqual(
    new Map([
      ['a', account('a', 5, 2)],
      ['b', account('b', 2, 1)],
    ]),
  )
  const sum = await database.query('select sum(amount)::int4 as "sum" from ledger')
  expect(sum.rows).toEqual([{ sum: 3 }])
})
