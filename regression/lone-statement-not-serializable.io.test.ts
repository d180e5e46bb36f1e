// Found by running the database suite at SERIALIZABLE: two sweepers claimed the outbox at one time, each by one
// statement of its own, and one of them failed with 40001. Nothing of it had stayed, so it can be sent again.
import { DatabaseError, openDatabase } from '@ensemble/postgres'
import { freshDatabase } from '@ensemble/postgres/testing'
import { expect, test } from 'vitest'

const CLAIM = { name: 'claim', text: 'SELECT 1::int4 AS one' }
const clock = { now: () => 0, sleep: async () => undefined, chance: () => 0 }

test.each(['SERIALIZATION', 'DEADLOCK'] as const)(
  'a statement that ends with %s is sent again, to a bound',
  async (code) => {
    const { url, drop } = await freshDatabase('lone-statement')
    let failures = 2
    const fault = () => (failures-- > 0 ? new DatabaseError(code, 'injected') : undefined)
    const database = await openDatabase({ name: 'sweeper', url, fault, clock })
    try {
      for (const pool of [database, database.read]) {
        failures = 2
        expect((await pool.query(CLAIM)).rows).toEqual([{ one: 1 }])
        failures = 3
        await expect(pool.query(CLAIM)).rejects.toMatchObject({ code })
      }
    } finally {
      await database.close()
      await drop()
    }
  },
)
