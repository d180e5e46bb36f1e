// Owns: the order saga on Restate: a handler whose steps are `ctx.run`, a server of its own with durable logs and two
// partitions (faster on two cores than its default of 24), spoken to through its HTTP ingress.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { arch, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as http2 from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as restate from '@restatedev/restate-sdk'
import * as clients from '@restatedev/restate-sdk-clients'
import { playRound, type End, type Saga } from './round.ts'
import { openQueries, steps } from './steps.ts'

const PARTITIONS = 2
const READY_MS_MAX = 60_000
const POLL_MS = 100

await playRound('restate', async ({ url }) => {
  const { query, close } = openQueries(url)
  const order = restate.service({
    name: 'order',
    handlers: {
      place: async (ctx: restate.Context, saga: Saga): Promise<End> => {
        await ctx.run('open', async () => void (await steps.open(query, saga)))
        await ctx.run('prepare', async () => void (await steps.prepare(query, saga)))
        if (await ctx.run('charge', () => steps.charge(query, saga))) {
          await ctx.run('complete', async () => void (await steps.complete(query, saga)))
          return 'completed'
        }
        await ctx.run('cancel', async () => void (await steps.cancel(query, saga)))
        await ctx.run('fail', async () => void (await steps.fail(query, saga)))
        return 'compensated'
      },
    },
  })
  // It would write two lines for each saga.
  const handler = http2.createServer(
    restate.createEndpointHandler({ services: [order], logger: () => undefined }),
  )
  const [port, ingress, admin, fabric] = await freePorts()
  handler.listen(port, '127.0.0.1')
  await once(handler, 'listening')
  const server = await startServer({ ingress, admin, fabric })
  await ask(`http://127.0.0.1:${admin}/deployments`, { uri: `http://127.0.0.1:${port}` })
  const client = clients.connect({ url: `http://127.0.0.1:${ingress}` }).serviceClient(order)
  return {
    run: async (saga) => await client.place(saga),
    stop: async () => {
      await server.stop()
      handler.close()
      await close()
    },
  }
})

interface Ports {
  readonly ingress: number
  readonly admin: number
  readonly fabric: number
}

async function startServer({ ingress, admin, fabric }: Ports): Promise<{ stop: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'ensemble-bench-restate-'))
  const name = `@restatedev/restate-server-${platform()}-${arch()}/bin/restate-server`
  const { PATH, HOME } = process.env
  const env = {
    PATH,
    HOME,
    RESTATE_DISABLE_TELEMETRY: 'true',
    RESTATE_LOG_FILTER: 'error',
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_BIND_IP: '127.0.0.1',
    RESTATE_BIND_PORT: String(fabric),
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
    RESTATE_DEFAULT_NUM_PARTITIONS: String(PARTITIONS),
  }
  const program = createRequire(import.meta.url).resolve(name)
  const { stdout: settings } = await promisify(execFile)(program, ['--dump-config'], { env })
  if (/disable-wal-fsync = true/.test(settings))
    throw new Error('not durable: rocksdb-disable-wal-fsync is on')
  const child = spawn(program, ['--no-logo', '--base-dir', directory], {
    env,
    stdio: ['ignore', 2, 2],
  })
  const ended = once(child, 'exit')
  const end = performance.now() + READY_MS_MAX
  while (!(await isReady(`http://127.0.0.1:${admin}/health`, `http://127.0.0.1:${ingress}/restate/health`))) {
    if (child.exitCode !== null || performance.now() > end)
      throw new Error('the Restate server did not start')
    await sleep(POLL_MS)
  }
  return {
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function isReady(...urls: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(urls.map((url) => fetch(url).catch(() => undefined)))
  return answers.every((answer) => answer?.ok === true)
}

async function ask(url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${url} is answered ${answer.status}: ${await answer.text()}`)
}

async function freePorts(): Promise<readonly [number, number, number, number]> {
  const one = async (): Promise<[number, ReturnType<typeof createServer>]> => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return [typeof address === 'object' && address !== null ? address.port : 0, server]
  }
  const [a, b, c, d] = [await one(), await one(), await one(), await one()]
  for (const [, server] of [a, b, c, d]) server.close()
  return [a[0], b[0], c[0], d[0]]
}
