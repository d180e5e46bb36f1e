// Money that came in while the saga asked for it was kept, and the saga waited for ever: under REPEATABLE READ a
// deferral only locked the row, so the payment saw it unchanged, and its snapshot was older than the deferred
// operation. Found by the simulator (the reference system's first hundred seeds).
import { fileURLToPath } from 'node:url'
import { command, deferred, participant, saga, succeeded, type Schema } from '@ensemble/core'
import { ENGINE_MIGRATIONS, engineDatabase, migrate, openDatabase, type Isolation } from '@ensemble/postgres'
import { memoryBus } from '@ensemble/memory'
import { freshDatabase } from '@ensemble/postgres/testing'
import {
  aggregate,
  createHost,
  implement,
  outboxed,
  systemClock,
  systemIds,
  type Rows,
} from '@ensemble/runtime'
import { expect, test } from 'vitest'

interface Bill {
  readonly id: string
  readonly isPaid: boolean
}

const OneBill: Schema<{ readonly id: string }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { id: string } }) },
}
const till = participant('till', {
  collect: command({ input: OneBill, deferred: true }),
  pay: command({ input: OneBill }),
})
const sale = saga('sale', { version: 1, input: OneBill })
  .pivot('collect', { run: till.collect(({ input }) => input) })
  .end({ completed: () => null, compensated: () => null })

const bills: Rows<Bill> = {
  name: 'bill',
  load: async (tx, keys) => {
    const { rows } = await tx.query('SELECT id, paid FROM bill WHERE id = ANY($1) ORDER BY id FOR UPDATE', [
      keys,
    ])
    return new Map(
      rows.map((row) => [String(row['id']), { id: String(row['id']), isPaid: row['paid'] === true }]),
    )
  },
  insert: async () => undefined,
  update: async (tx, rows) => {
    for (const { key, state } of rows)
      await tx.query('UPDATE bill SET paid = $2 WHERE id = $1', [key, state.isPaid])
  },
}
const bill = aggregate({ rows: bills })
const implementation = implement(till, {
  collect: bill.on(till.collect, {
    key: ({ id }) => id,
    decide: (state, _input, { now }) =>
      state?.isPaid === true ? { outcome: succeeded() } : { outcome: deferred({ until: now + 60_000 }) },
    withdraw: () => ({ outcome: { status: 'withdrawn' } }),
  }),
  pay: bill.on(till.pay, {
    key: ({ id }) => id,
    decide: (_state, { id }, { deferred: waiting }) => ({
      outcome: succeeded(),
      state: { id, isPaid: true },
      settlements: waiting.map(({ operation }) => ({ operation, outcome: succeeded() })),
    }),
  }),
})

async function place(isolation: Isolation) {
  const { url, drop } = await freshDatabase('paid-while-asked-for')
  const folder = (at: URL) => ({ directory: fileURLToPath(at), direction: 'up' }) as const
  await migrate(url, { schema: 'till', ...folder(ENGINE_MIGRATIONS) })
  const opened = await openDatabase({ name: 'till', url, schema: 'till', isolation })
  await opened.query('CREATE TABLE bill (id text PRIMARY KEY, paid boolean NOT NULL)')
  await opened.query("INSERT INTO bill VALUES ('1', false)")
  const outside = await openDatabase({ name: 'outside', url, schema: 'till' })
  const waitFor = async (count: number): Promise<void> => {
    const counted =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'till' AND wait_event_type = 'Lock'"
    await expect
      .poll(async () => Number((await outside.query(counted)).rows[0]?.['count']), { timeout: 10_000 })
      .toBe(count)
  }
  const end = async (): Promise<void> => {
    await opened.close()
    await outside.close()
    await drop()
  }
  return { database: engineDatabase(opened), outside, waitFor, end }
}

test.each(['read committed', 'repeatable read', 'serializable'] as const)(
  '%s: who pays while the saga asks for the money meets the operation that waits',
  async (isolation) => {
    const { database, outside, waitFor, end } = await place(isolation)
    const host = await createHost({
      service: 'till',
      database,
      bus: outboxed(memoryBus(), systemIds(systemClock)),
      plans: [sale],
      implementation,
      starts: true,
      pattern: 'choreography',
    })
    let paid: Promise<unknown> = Promise.resolve()
    await outside.transaction(async (tx) => {
      await tx.query("SELECT 1 FROM bill WHERE id = '1' FOR UPDATE")
      await host.start(sale, { id: '1', input: { id: '1' } })
      await waitFor(1)
      paid = host.execute(till.pay, { id: '1' })
      await waitFor(2)
    })
    await paid
    const { status } = await host.ended({ plan: 'sale', id: '1' }, { within: '10s' })
    await host.stop()
    await end()
    expect(status).toBe('completed')
  },
)
