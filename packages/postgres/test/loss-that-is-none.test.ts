// At READ COMMITTED a statement that waited long enough saw a cursor as another reader had just left it, beside the
// head as it was before: the group stood behind the end of the log, and MESSAGES_LOST was raised with nothing lost.
import type { Queryable, Result } from '@ensemble/runtime'
import { expect, test } from 'vitest'
import { Log } from '../src/bus/log.ts'

const READING = { group: 'reader', topics: ['t'], countMax: 10, partitionsMax: 4 }
/** The cursor at 2, of a log that this statement still saw ending at 1. */
const STALE = {
  topic: 't',
  partition: 0,
  next_offset: '2',
  start_offset: '0',
  quota: '10',
  end_offset: null,
  message_count: null,
  messages: null,
}

function answering(...answers: readonly Result['rows'][]): Queryable {
  const left = [...answers]
  return { query: async () => ({ rows: left.shift() ?? [], count: 0 }) }
}

const log = new Log({ transaction: () => Promise.reject(new Error('not asked')) }, {})

test('a cursor behind the end of the log that is not there when asked again: nothing is lost', async () => {
  expect(await log.take(answering([STALE], []), READING)).toEqual({ messages: [], moves: [], isCut: false })
})

test('a cursor behind the end of the log both times: MESSAGES_LOST', async () => {
  const taken = log.take(answering([STALE], [STALE]), READING)
  await expect(taken).rejects.toMatchObject({ code: 'MESSAGES_LOST' })
})
