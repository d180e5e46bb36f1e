// Owns: the order saga on Temporal: its development server with a SQLite file that is synced at each commit, a worker
// in this process, workflows that are started eagerly on it.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { pathIn, TEMPORAL } from '../go.ts'
import { playRound } from './round.ts'
import { freePorts, HOST, startServer } from './server.ts'
import { openQueries, steps } from './steps.ts'
import type { Activities, place } from './temporal-workflow.ts'

const QUEUE = 'orders'
/** Of the worker, for workflows and for local activities; with its defaults, 40 and 100, eager starts starve others. */
const SLOTS = 256

await playRound('temporal', async ({ url }) => {
  const { query, close } = openQueries(url)
  const activities: Activities = {
    open: async (saga) => void (await steps.open(query, saga)),
    prepare: async (saga) => void (await steps.prepare(query, saga)),
    charge: (saga) => steps.charge(query, saga),
    complete: async (saga) => void (await steps.complete(query, saga)),
    cancel: async (saga) => void (await steps.cancel(query, saga)),
    fail: async (saga) => void (await steps.fail(query, saga)),
  }
  // It would write a line for each saga.
  Runtime.install({ logger: new DefaultLogger('WARN') })
  const ports = await freePorts('frontend', 'http', 'metrics')
  const address = `${HOST}:${ports.frontend}`
  const stop = await startServer({
    name: 'temporal',
    program: pathIn(TEMPORAL),
    args: (directory) => [
      ...['server', 'start-dev', '--headless', '--log-level', 'error', '--ip', HOST],
      ...['--port', String(ports.frontend)],
      ...['--http-port', String(ports.http)],
      ...['--metrics-port', String(ports.metrics)],
      ...['--db-filename', join(directory, 'temporal.db')],
      // Durable like SQLite's own defaults, with one sync for a commit instead of several.
      ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=full'],
    ],
    isReady: () => isReady(address),
  })
  const connection = await NativeConnection.connect({ address })
  const worker = await Worker.create({
    connection,
    taskQueue: QUEUE,
    workflowsPath: fileURLToPath(new URL('temporal-workflow.ts', import.meta.url)),
    activities,
    maxConcurrentWorkflowTaskExecutions: SLOTS,
    maxConcurrentLocalActivityExecutions: SLOTS,
  })
  const running = worker.run()
  // An eager start needs the connection of the worker.
  const { workflow } = new Client({ connection })
  return {
    run: (saga) =>
      workflow.execute<typeof place>('place', {
        args: [saga],
        workflowId: saga.id,
        taskQueue: QUEUE,
        requestEagerStart: true,
      }),
    stop: async () => {
      worker.shutdown()
      await running
      await connection.close()
      await stop()
      await close()
    },
  }
})

async function isReady(address: string): Promise<boolean> {
  try {
    const connection = await NativeConnection.connect({ address })
    await connection.close()
    return true
  } catch {
    return false
  }
}
