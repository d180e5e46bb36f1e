import { troubled } from '@ensemble/testing'
import { sayEngineErrors } from '@ensemble/service'
import { test } from 'vitest'
import { CASES } from '../scripts/demo/cases.ts'
import { ask } from '../scripts/demo/client.ts'
import { play } from '../scripts/demo/play.ts'
import { startTestSystem } from './support.ts'
import { tablesOf } from './tables.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { subscribe } from 'node:diagnostics_channel'
test('x', async () => {
  sayEngineErrors((l) => console.log('ENGINE', l))
  const counts: Record<string, number> = {}
  for (const c of ['receive','perform','advance','travel','wake','relay']) subscribe(`ensemble:${c}`, (m: any) => { counts[`${c} ${m.service}`] = (counts[`${c} ${m.service}`] ?? 0) + 1 })
  const pattern = (process.env['PAT'] ?? 'orchestration') as 'orchestration'
  const system = await startTestSystem({ name: 'zz', environment: { paymentDueIn: '6s', pattern }, wrapBus: (bus) => troubled(bus, { copies: 3, shuffle: Number(process.env['SEED'] ?? 7) }) })
  const tables = await tablesOf(system)
  const t0 = performance.now()
  const lines: string[] = []
  const all = CASES.map((one) => play(one, { url: system.url, pattern, tag: 't', say: (l) => console.log(((performance.now()-t0)/1000).toFixed(1), l) }).catch((e) => console.log(one.name, String(e))))
  await sleep(Number(process.env['WAIT'] ?? 15000))
  console.log(counts)
  console.log(process.memoryUsage().rss, process.cpuUsage())
  const sagas = await ask(`${system.url}/v1/saga?limit=50`)
  for (const s of (sagas.body as any).results) if (s.status === 'running') { console.log(JSON.stringify(s)); const t = await ask(`${system.url}/v1/saga/${s.saga.plan}/${s.saga.id}`); console.log(JSON.stringify((t.body as any).entries.map((e: any) => [e.seq, e.type, e.step, e.direction, e.status]))); console.log(JSON.stringify((t.body as any).notes)) }
  for (const name of system.services.keys()) {
    console.log(name, await tables.rows(name, `select id,status,attempt,version,parked,due_at from "${name}".ensemble_operation where status not in ('succeeded','rejected')`).catch(String))
    console.log(name, 'sched', await tables.rows(name, `select due_at, now(), message_count, left(messages,200) m from "${name}".ensemble_scheduled order by due_at limit 5`).catch(String))
    console.log(name, 'dead', await tables.rows(name, `select * from "${name}".ensemble_dead_letter limit 5`).catch(String))
  }
  console.log('lag', await tables.rows('bus', `select c.consumer_group, c.topic, c.partition, h.next_offset - c.next_offset as lag, h.next_offset from bus.log_cursor c join bus.log_head h using (topic, partition) where c.next_offset < h.next_offset`))
  await tables.close()
  await system.end()
  await Promise.all(all)
}, 120000)
