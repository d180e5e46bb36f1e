import { describe, expect, test } from 'vitest'
import { planOf, scansOf, tablesOf } from './scans.ts'

const plan = (node: object) => planOf([{ Plan: node }])
const WHOLE = { 'Node Type': 'Seq Scan', 'Relation Name': 't' }
const ORDERED = { 'Node Type': 'Index Scan', 'Relation Name': 't', 'Index Name': 't_due' }
const FOUND = { ...ORDERED, 'Index Cond': '(id = $1)' }

describe('a plan', () => {
  test.each([
    ['reads a table from end to end', WHOLE, ['Seq Scan']],
    ['reads an index from end to end', ORDERED, ['Index Scan of all of t_due']],
    ['looks rows up', FOUND, []],
    ['takes the first of an index', { 'Node Type': 'Limit', Plans: [ORDERED] }, []],
    [
      'takes and locks the first of an index',
      { 'Node Type': 'Limit', Plans: [{ 'Node Type': 'LockRows', Plans: [ORDERED] }] },
      [],
    ],
    [
      'takes the first that fit',
      { 'Node Type': 'Limit', Plans: [{ ...ORDERED, Filter: 'due' }] },
      ['Index Scan of all of t_due'],
    ],
    [
      'sorts all for the first',
      { 'Node Type': 'Limit', Plans: [{ 'Node Type': 'Sort', Plans: [WHOLE] }] },
      ['Seq Scan'],
    ],
    [
      'reads an index for its rows',
      {
        'Node Type': 'Bitmap Heap Scan',
        'Relation Name': 't',
        Plans: [{ 'Node Type': 'Bitmap Index Scan', 'Index Name': 't_due' }],
      },
      ['Bitmap Index Scan of all of t_due'],
    ],
  ])('%s', (_what, node, nodes) => {
    expect(scansOf(plan(node))).toEqual(nodes.map((name) => ({ node: name, table: 't' })))
  })

  test('names its tables, the one it writes to as well', () => {
    const write = { 'Node Type': 'ModifyTable', 'Relation Name': 'u', Plans: [FOUND] }
    expect(tablesOf(plan(write))).toEqual(['u', 't'])
  })
})
