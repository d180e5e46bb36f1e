// Owns: that the statements find their rows by index, even when their plans were made while the tables were
// empty, as on the first day of a service. Needs `enable_seqscan = off`, which an empty table's statistics
// would otherwise talk over.
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sharedBus } from '../src/bus/shared.ts'
import { statement } from '../src/store/statements.ts'
import { engineKit } from './engine-kit.ts'
import type { Kit } from './engine-kit.ts'

const STATEMENTS = {
  log_fetch: ['text, text[], int8, int8, int8', `'reader', '{a,b,c}', 64, 200, 1000000`],
  log_append: [
    'text[], int4[], int4[], int4[], text[], int8',
    `'{a,b}', '{0,1}', '{1,1}', '{1,1}', '{"[]","[]"}', 2`,
  ],
  log_advance: [
    'text, text[], int4[], int8[], int8[], int8',
    `'reader', '{a}', '{0}', '{12347}', '{12350}', 1`,
  ],
  log_hand_on: [
    'text, text[], int4[], int8[], int8[], int8, text[], int4[], int4[], int4[], text[], int8',
    `'reader', '{a}', '{0}', '{12347}', '{12350}', 1, '{a,b}', '{0,1}', '{1,1}', '{1,1}', '{"[]","[]"}', 2`,
  ],
  operation_load: ['text[], text[], text[]', `'{o5,o6,o700}', '{order,order}', '{k50,k60}'`],
  operation_update: [
    'text[], text[], int4[], text[], text[], text[], int4[], timestamptz[], bool[], text[], int8[], int8',
    `'{o5}', '{rejected}', '{1}', '{x}', '{x}', '{x}', '{0}', '{null}', '{f}', '{null}', '{1}', 1`,
  ],
  operation_claim_due: ['text[], int8, int8', `'{order,mail}', 1000, 100`],
  operation_prune: ['timestamptz, int8', `now() - interval '1 day', 100`],
  saga_load: ['text[], text[]', `'{p,p}', '{s1,s2}'`],
  saga_update: [
    'text[], text[], text[], text[], text[], text[], int8[], int8',
    `'{p}', '{s1}', '{running}', '{x}', '{x}', '{x}', '{1}', 1`,
  ],
  start_ended: [
    'text[], text[], text[], text[]',
    `'{p,p}', '{s1,s2}', '{completed,completed}', '{null,null}'`,
  ],
  scheduled_take_due: ['int8, int8', '100, 1000000'],
  outbox_claim: ['int8, int8', '100, 1000'],
  claim_load: ['text[]', `'{v1,v2}'`],
} as const

const FILL = [
  `insert into ensemble_operation
   select 'o' || i, case when i % 50 = 0 then 'deferred' when i % 51 = 0 then 'set_aside' else 'succeeded' end,
     'order', 'k' || i, 1, repeat('x', 300), repeat('y', 300), null, 0,
     case when i % 50 <> 0 and i % 51 = 0 then now() - i * interval '1 ms' end, false, null, 1, now()
   from generate_series(1, 30000) as i`,
  `insert into ensemble_saga
   select 'p', 's' || i, 'running', 'z', null, null, 1, now() from generate_series(1, 30000) as i`,
  `insert into ensemble_start
   select 'p', 's' || i, 'orchestration', 1, 'f', '[]', now(), null, null from generate_series(1, 30000) as i`,
  `insert into ensemble_scheduled
   select now() + (i - 500) * interval '1 s', gen_random_uuid(), 1, '[]' from generate_series(1, 30000) as i`,
  `insert into ensemble_outbox select 'm' || i, '[]', now() - interval '1 s' from generate_series(1, 30000) as i`,
  `insert into ensemble_claim select 'v' || i, 'o' from generate_series(1, 30000) as i`,
  `insert into bus.log_entry
   select t, p, i * 5, 5, repeat('m', 500), now()
   from unnest('{a,b,c}'::text[]) as t, generate_series(0, 3) as p, generate_series(1, 3000) as i`,
  `update bus.log_head set next_offset = 15000`,
  `update bus.log_cursor set next_offset = case when topic = 'c' then 14997 else 12347 end`,
]

let kit: Kit
let client: Client
beforeAll(async () => {
  kit = await engineKit('store-plans')
  const link = await sharedBus().connect({
    service: 'reader',
    database: kit.database,
    topics: ['a', 'b', 'c'],
  })
  await link.close()
  const options = '-c search_path=shop -c plan_cache_mode=force_generic_plan -c enable_seqscan=off'
  client = new Client({ connectionString: kit.url, options })
  await client.connect()
  for (const [name, [types, values]] of Object.entries(STATEMENTS)) {
    await client.query(`prepare ${name} (${types}) as ${statement(name).text}`)
    await client.query(`explain execute ${name} (${values})`)
  }
  for (const fill of FILL) await client.query(fill)
})
afterAll(async () => {
  await client.end()
  await kit.end()
})

/** Rows that the busiest node of the plan went through, and the tables that were read from end to end. */
async function explained(
  name: keyof typeof STATEMENTS,
): Promise<{ busiest: number; wholeTables: readonly string[] }> {
  await client.query('begin')
  const analyze = 'explain (analyze, costs off, timing off, buffers off)'
  const text = `${analyze} execute ${name} (${STATEMENTS[name][1]})`
  const { rows } = await client.query<string[]>({ text, rowMode: 'array' })
  await client.query('rollback')
  const lines = rows.map(([line]) => line ?? '')
  const products = lines.map((line) => /\(actual rows=([\d.]+) loops=(\d+)\)/.exec(line))
  const removed = lines.map((line) => Number(/Rows Removed by \w+.*: (\d+)/.exec(line)?.[1] ?? 0))
  return {
    busiest: Math.max(
      ...products.map((found) => Number(found?.[1] ?? 0) * Number(found?.[2] ?? 0)),
      ...removed,
    ),
    wholeTables: lines.filter((line) => line.includes('Seq Scan')),
  }
}

test.each(Object.keys(STATEMENTS) as (keyof typeof STATEMENTS)[])(
  '%s goes through no more rows than it needs',
  async (name) => {
    const { busiest, wholeTables } = await explained(name)
    expect(wholeTables).toEqual([])
    expect(busiest).toBeLessThanOrEqual(200)
  },
)
