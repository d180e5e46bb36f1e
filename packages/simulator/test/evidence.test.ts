// What was put away is read as the messages that it was, whatever form the letter keeps it in.
import { pack, type Message } from '@ensemble/core'
import { expect, test } from 'vitest'
import { BusRecord } from '../src/bus/record.ts'
import { Table } from '../src/database/table.ts'
import { Evidence } from '../src/evidence.ts'

const saga = { plan: 'sale', id: '1', pattern: 'orchestration' } as const
const key = '1'
const note: Message = {
  type: 'note',
  // Text that looks like another message is only text.
  id: '"type":"ended"',
  topic: 'saga.history',
  key,
  saga,
  note: { type: 'parked', operation: null, attempt: 0, detail: '' },
  source: 'shop',
  at: 1,
}
const retry: Message = { type: 'retry', id: 'n~1', topic: 'shop.commands', key, attempt: 1, message: note }

function buriedOf(letters: readonly { readonly reason: string; readonly text: string }[]): unknown {
  const table = new Table({ schema: 'shop', name: 'dead letters', isOwn: false })
  for (const [index, letter] of letters.entries())
    table.slot(String(index)).versions.push({ row: { letter }, line: index, commit: 1, at: 1 })
  return new Evidence({
    tables: [table],
    messages: () => [],
    deeds: new Map(),
    bus: new BusRecord(),
  }).buried()
}

test('a letter is one message or a packed one, a retry is what it tries, what nobody can read is left out', () => {
  expect(
    buriedOf([
      { reason: 'UNHANDLED', text: JSON.stringify(note) },
      { reason: 'UNHANDLED', text: JSON.stringify(retry) },
      { reason: 'TOO_OLD', text: pack([note]) },
      { reason: 'UNDECODABLE', text: '{"type":"ended"' },
    ]),
  ).toEqual([
    { reason: 'UNHANDLED', message: note },
    { reason: 'UNHANDLED', message: note },
    { reason: 'TOO_OLD', message: note },
  ])
})
