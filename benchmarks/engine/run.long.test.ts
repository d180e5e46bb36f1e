import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '@ensemble/postgres'
import { expect, onTestFinished, test } from 'vitest'
import { engineOptions } from './options.ts'
import { runRecovery } from './recovery.ts'
import { runEngine } from './run.ts'

async function serverUrl(durable: boolean): Promise<string> {
  const directory = join(tmpdir(), `ensemble-bench-test-${process.pid}-${String(durable)}`)
  const server = await startEmbedded({ directory, durable })
  onTestFinished(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })
  return server.adminUrl
}

async function run(url: string, line: string): Promise<unknown> {
  const args = ['--database-url', url, '--warm-up', '0', ...line.split(' ')]
  return await runEngine(engineOptions(args), () => undefined)
}

test('a run counts what was done and holds the rows against it, in one process and in many', async () => {
  const url = await serverUrl(true)
  const whole = { sagas: 30, completed: 27, compensated: 3, errors: 0, invariants: 'hold' }
  expect(await run(url, '--sagas 30 --concurrency 4')).toMatchObject(whole)
  const many = '--sagas 30 --concurrency 8 --pattern choreography --processes many --steps 6'
  expect(await run(url, many)).toMatchObject({ ...whole, processes: 'many', steps: 6 })
  const copies = '--sagas 10 --history 50 --waiting 20 --fail 0'
  expect(await run(url, copies)).toMatchObject({ sagas: 10, completed: 10, invariants: 'hold' })
})

test('processes that were killed with sagas in flight are made good by new ones, which end every saga', async () => {
  const options = engineOptions(['--database-url', await serverUrl(true), '--backlog', '300'])
  const result = await runRecovery(options, () => undefined)
  expect(result).toMatchObject({ completed: 270, compensated: 30, running: 0, errors: 0, invariants: 'hold' })
  // Some may have ended before the kill.
  expect(result['backlog']).toBeGreaterThan(300 - options.concurrency - 1)
})

test('a server that may lose what it acknowledged is refused', async () => {
  const url = await serverUrl(false)
  await expect(run(url, '--sagas 1')).rejects.toThrow(/could be lost.*fsync is off/)
})
