// Owns: the order saga on Restate: a handler whose steps are `ctx.run`, a server of its own with durable logs and two
// partitions (faster on two cores than its default of 24), spoken to through its HTTP ingress.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import * as http2 from 'node:http2'
import { promisify } from 'node:util'
import * as restate from '@restatedev/restate-sdk'
import * as clients from '@restatedev/restate-sdk-clients'
import { playRound, type End, type Saga } from './round.ts'
import { basicEnv, freePorts, HOST, isAnswering, startServer } from './server.ts'
import { openQueries, steps } from './steps.ts'

const PARTITIONS = 2

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
  const ports = await freePorts('handler', 'ingress', 'admin', 'fabric')
  handler.listen(ports.handler, HOST)
  await once(handler, 'listening')
  const stop = await startRestate(ports)
  await ask(`http://${HOST}:${ports.admin}/deployments`, { uri: `http://${HOST}:${ports.handler}` })
  const client = clients.connect({ url: `http://${HOST}:${ports.ingress}` }).serviceClient(order)
  return {
    run: async (saga) => await client.place(saga),
    stop: async () => {
      await stop()
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

async function startRestate({ ingress, admin, fabric }: Ports): Promise<() => Promise<void>> {
  const name = `@restatedev/restate-server-${platform()}-${arch()}/bin/restate-server`
  const env = {
    RESTATE_DISABLE_TELEMETRY: 'true',
    RESTATE_LOG_FILTER: 'error',
    RESTATE_LISTEN_MODE: 'tcp',
    RESTATE_BIND_IP: HOST,
    RESTATE_BIND_PORT: String(fabric),
    RESTATE_ADMIN__BIND_ADDRESS: `${HOST}:${admin}`,
    RESTATE_INGRESS__BIND_ADDRESS: `${HOST}:${ingress}`,
    RESTATE_DEFAULT_NUM_PARTITIONS: String(PARTITIONS),
  }
  const program = createRequire(import.meta.url).resolve(name)
  const dump = { env: { ...basicEnv(), ...env } }
  const { stdout: settings } = await promisify(execFile)(program, ['--dump-config'], dump)
  if (/disable-wal-fsync = true/.test(settings))
    throw new Error('not durable: rocksdb-disable-wal-fsync is on')
  return await startServer({
    name: 'restate',
    program,
    args: (directory) => ['--no-logo', '--base-dir', directory],
    env,
    isReady: () => isAnswering(`http://${HOST}:${admin}/health`, `http://${HOST}:${ingress}/restate/health`),
  })
}

async function ask(url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${url} is answered ${answer.status}: ${await answer.text()}`)
}
