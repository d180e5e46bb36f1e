// Owns: the order saga on dtm: its server with PostgreSQL as its store, in the round's own database; a saga over HTTP
// whose branches this program answers. Nothing waits in memory: the answer to a submission tells how the saga ended.
// I1: statements are safe to repeat, so no branch needs dtm's barrier.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { Agent, createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json, text } from 'node:stream/consumers'
import pg from 'pg'
import { DTM, pathIn } from '../go.ts'
import { playRound, type End, type Saga } from './round.ts'
import { freePorts, HOST, isAnswering, startServer } from './server.ts'
import { openQueries, steps, type Query } from './steps.ts'

/** Its own default is 500; as many as the others have. */
const CONNECTIONS = 20
/** Of dtm's: a branch that is slower is done again. */
const SECONDS_MAX = 60
const SCHEMA = 'dtmsvr.storage.postgres.sql'
const OK = 200
/** In dtm's protocol: refused, the saga is to be undone; or, of a submission, it was undone. */
const CONFLICT = 409

await playRound('dtm', async ({ url }) => {
  const { query, close } = openQueries(url)
  const branches = createServer((asked, answer) => {
    answerTo(query, asked)
      .then((isDone) => answer.writeHead(isDone ? OK : CONFLICT).end('{}'))
      .catch((error: unknown) => answer.writeHead(500).end(String(error)))
  }).listen(0, HOST)
  await once(branches, 'listening')
  const at = `http://${HOST}:${(branches.address() as AddressInfo).port}`
  await makeTables(url)
  const ports = await freePorts('http', 'grpc')
  const dtm = `http://${HOST}:${ports.http}/api/dtmsvr`
  const stop = await startServer({
    name: 'dtm',
    program: pathIn(DTM),
    args: () => [],
    env: {
      ...storeOf(new URL(url)),
      HTTP_PORT: String(ports.http),
      GRPC_PORT: String(ports.grpc),
      REQUEST_TIMEOUT: String(SECONDS_MAX),
      // It would write a page for each refused saga.
      LOG_LEVEL: 'fatal',
    },
    // It says its settings first, the password among them.
    isSilent: true,
    isReady: () => isAnswering(`${dtm}/version`),
  })
  const agent = new Agent({ keepAlive: true })
  return {
    run: (saga) => submit(`${dtm}/submit`, { agent, saga, at }),
    stop: async () => {
      agent.destroy()
      await stop()
      branches.close()
      await close()
    },
  }
})

/** False when the step is refused. */
async function answerTo(query: Query, asked: IncomingMessage): Promise<boolean> {
  const saga = (await json(asked)) as Saga
  const name = new URL(asked.url ?? '', `http://${HOST}`).pathname.slice(1)
  if (!isStep(name)) throw new Error(`there is no step ${name}`)
  return (await steps[name](query, saga)) !== false
}

function isStep(name: string): name is keyof typeof steps {
  return name in steps
}

interface Submission {
  readonly agent: Agent
  readonly saga: Saga
  /** Where the branches are. */
  readonly at: string
}

async function submit(url: string, { agent, saga, at }: Submission): Promise<End> {
  const payload = JSON.stringify(saga)
  const branches = [
    { action: `${at}/open`, compensate: `${at}/fail` },
    { action: `${at}/prepare`, compensate: `${at}/cancel` },
    { action: `${at}/charge`, compensate: '' },
    { action: `${at}/complete`, compensate: '' },
  ]
  const asked = request(url, { agent, method: 'POST', headers: { 'content-type': 'application/json' } })
  asked.end(
    JSON.stringify({
      gid: saga.id,
      trans_type: 'saga',
      wait_result: true,
      steps: branches,
      payloads: branches.map(() => payload),
    }),
  )
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const told = await text(answer)
  if (answer.statusCode === OK) return 'completed'
  if (answer.statusCode === CONFLICT) return 'compensated'
  throw new Error(`dtm answers ${answer.statusCode}: ${told}`)
}

/** Its own script, which drops them before. */
async function makeTables(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(await readFile(pathIn(DTM, SCHEMA), 'utf8'))
  await client.end()
}

/** By the socket where the others have it. */
function storeOf(url: URL): Readonly<Record<string, string>> {
  return {
    STORE_DRIVER: 'postgres',
    STORE_HOST: url.searchParams.get('host') ?? url.hostname,
    STORE_PORT: url.port,
    STORE_USER: decodeURIComponent(url.username),
    STORE_PASSWORD: decodeURIComponent(url.password),
    STORE_DB: url.pathname.slice(1),
    STORE_MAX_OPEN_CONNS: String(CONNECTIONS),
    STORE_MAX_IDLE_CONNS: String(CONNECTIONS),
  }
}
