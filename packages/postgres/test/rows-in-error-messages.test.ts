// The message of a database error held the server's detail, which quotes values and whole rows: e-mail addresses and
// names went to the terminal, into notes of the history and into dead letters.
import { DatabaseError as ServerError } from 'pg'
import { expect, test } from 'vitest'
import { toDatabaseError } from '../src/database/errors.ts'

test.each([
  ['23505', 'Key (value)=(email:ann@example.org) already exists.'],
  ['23502', 'Failing row contains (1, Ann, ann@example.org, +6281247930699, null).'],
])('%s: the message names no value, the cause keeps the detail', (code, detail) => {
  const said = Object.assign(new ServerError('refused', 0, 'error'), { code, detail, constraint: 'one' })
  const error = toDatabaseError(said, 'users-insert')
  expect([error.message, error.constraint, error.statement, error.cause]).toEqual([
    'refused',
    'one',
    'users-insert',
    said,
  ])
})
