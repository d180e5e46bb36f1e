// Found by spoiling every statement on the wire: a batch sends its first statement in the flush of BEGIN. Where the
// server refused BEGIN, the statements behind it ran without a transaction, each committed by itself, and all was told
// as done. The word of a refused SAVEPOINT was lost too: what could not be taken back then hid it.
import { DatabaseError, openDatabase, type Database, type FaultInjector } from '@ensemble/postgres'
import { freshDatabase, type TestDatabase } from '@ensemble/postgres/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'

let place: TestDatabase
let outside: Database
beforeAll(async () => {
  place = await freshDatabase('begin-refused')
  outside = await openDatabase({ name: 'outside', url: place.url })
  await outside.query('CREATE TABLE note (id int4 PRIMARY KEY)')
})
afterAll(async () => {
  await outside.close()
  await place.drop()
})

const refusing: (statement: string) => FaultInjector = (statement) => (name) =>
  name === statement ? new DatabaseError('TIMEOUT', 'canceling statement due to user request') : undefined

async function notesAfter(
  fault: FaultInjector,
  work: (tx: Parameters<Parameters<Database['transaction']>[0]>[0]) => Promise<unknown>,
): Promise<unknown> {
  const database = await openDatabase({ name: 'refused', url: place.url, fault })
  try {
    const code = await database.transaction(work, { isEarly: true }).then(
      () => 'committed',
      (error: unknown) => (error instanceof DatabaseError ? error.code : error),
    )
    const { rows } = await outside.query('SELECT n.id FROM note AS n')
    return { code, rows }
  } finally {
    await database.close()
  }
}

const nothing = { code: 'TIMEOUT', rows: [] }

test('where BEGIN is refused nothing is written, and it is said why', async () => {
  const write = notesAfter(refusing('BEGIN'), async (tx) => {
    await tx.query('SELECT n.id FROM note AS n')
    await tx.query('INSERT INTO note (id) VALUES (1)')
  })
  expect(await write).toEqual(nothing)
  expect(await notesAfter(refusing('BEGIN'), async (tx) => tx.begun())).toEqual(nothing)
})

test('where SAVEPOINT is refused it is said why', async () => {
  const write = notesAfter(refusing('SAVEPOINT'), async (tx) => {
    await tx.query('INSERT INTO note (id) VALUES (2)')
    await tx.savepoint(() => tx.query('INSERT INTO note (id) VALUES (3)'))
  })
  expect(await write).toEqual(nothing)
})
