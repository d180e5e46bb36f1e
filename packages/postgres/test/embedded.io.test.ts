/** The embedded server, killed and found again: real processes, real files. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseFields } from '../src/database/client.ts'
import { openDatabase, startEmbedded } from '../src/index.ts'
import type { EmbeddedOptions, EmbeddedServer } from '../src/index.ts'

let base: string
let servers: EmbeddedServer[]
let holders: ChildProcess[]

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'embedded-'))
  await chmod(base, 0o755)
  servers = []
  holders = []
})
afterEach(async () => {
  for (const holder of holders) holder.kill('SIGKILL')
  for (const server of servers) await server.stop()
  await rm(base, { recursive: true, force: true })
})

async function start(options: Omit<EmbeddedOptions, 'directory'> = {}): Promise<EmbeddedServer> {
  const server = await startEmbedded({ directory: join(base, 'a', 'b'), ...options })
  servers.push(server)
  return server
}

interface Said {
  readonly pid: number
  readonly port: number
  readonly adminUrl: string
  readonly isTakenOver: unknown
  /** Of the error, where it could not start. */
  readonly code: unknown
}

/** Starts the server in a process of its own, and answers what that says. */
async function hold(directory: string, uid?: number): Promise<{ said: Said; process: ChildProcess }> {
  const program = fileURLToPath(new URL('./programs/holder.ts', import.meta.url))
  const identity = uid === undefined ? {} : { uid, gid: uid }
  const child = spawn(process.execPath, [program, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...identity,
  })
  holders.push(child)
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')).map(String)
  const { pid, port, adminUrl, isTakenOver, code } = parseFields(line ?? '{}')
  const said = {
    pid: Number(pid ?? 0),
    port: Number(port ?? 0),
    adminUrl: String(adminUrl),
    isTakenOver,
    code,
  }
  return { said, process: child }
}

async function ask(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const database = await openDatabase({ name: 'test', url })
  try {
    return (await database.query(text)).rows
  } finally {
    await database.close()
  }
}

function byTcp(url: string): string {
  const changed = new URL(url)
  changed.searchParams.delete('host')
  return changed.href
}

function socketOf({ adminUrl }: Pick<EmbeddedServer, 'adminUrl'>): string {
  const { port, searchParams } = new URL(adminUrl)
  return join(searchParams.get('host') ?? '', `.s.PGSQL.${port}`)
}

async function killed(child: ChildProcess): Promise<void> {
  const end = once(child, 'exit')
  child.kill('SIGKILL')
  await end
}

test('a directory with no parents becomes a durable server of UTF-8, UTC and one password', async () => {
  const lines: string[] = []
  const server = await start({ log: (line) => lines.push(line) })
  const settings = `select name, setting from pg_settings where name = any(array['fsync', 'synchronous_commit',
    'listen_addresses', 'TimeZone', 'server_encoding', 'jit']) order by name`
  const rows = await ask(server.adminUrl, settings)
  expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
    TimeZone: 'UTC',
    fsync: 'on',
    jit: 'off',
    listen_addresses: '127.0.0.1',
    server_encoding: 'UTF8',
    synchronous_commit: 'on',
  })
  expect((await stat(join(base, 'a', 'b', 'password'))).mode & 0o777).toBe(0o600)
  expect(await ask(server.adminUrl, `select lower('ÄÖ') as low, 'a' < 'B' as "isByLanguage"`)).toEqual([
    { low: 'äö', isByLanguage: false },
  ])
  const wrong = server.url('postgres', { name: 'postgres', password: 'x' })
  for (const url of [wrong, byTcp(wrong)]) {
    const refused = openDatabase({ name: 'test', url })
    await expect(refused).rejects.toMatchObject({ code: 'CONNECTION', sqlState: '28P01' })
  }
  expect(lines[0]).toBe(`starting PostgreSQL in ${join(base, 'a', 'b')}`)
})

const ROUTE = 'select inet_client_addr() as address'

test('its URL leads to a Unix socket that is shut to others, and to TCP where the parameter is left out', async () => {
  const server = await start({ durable: false })
  const data = join(base, 'a', 'b', 'data')
  expect(new URL(server.adminUrl).searchParams.get('host')).toBe(data)
  expect(await ask(server.adminUrl, ROUTE)).toEqual([{ address: null }])
  expect(await ask(byTcp(server.adminUrl), ROUTE)).toEqual([{ address: '127.0.0.1' }])
  const socket = socketOf(server)
  const modes = [await stat(data), await stat(socket)].map(({ mode }) => mode & 0o777)
  expect(modes).toEqual([0o700, 0o700])
})

test('two servers have a socket each, and each URL leads to its own', async () => {
  const directories = [join(base, 'c+d &%23'), join(base, 'é')]
  for (const directory of directories) servers.push(await startEmbedded({ directory, durable: false }))
  const found = await Promise.all(servers.map((server) => ask(server.adminUrl, 'show data_directory')))
  expect(found).toEqual(directories.map((directory) => [{ data_directory: join(directory, 'data') }]))
})

/** As the system hands out ports, five digits. */
const PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107
const SOCKET_BYTES = Buffer.byteLength('/data/.s.PGSQL.12345')

test.each([
  { bytes: PATH_BYTES_MAX, route: 'a socket', address: null },
  { bytes: PATH_BYTES_MAX + 1, route: 'TCP', address: '127.0.0.1' },
])('a socket path of $bytes bytes has a URL by $route', async ({ bytes, address }) => {
  const name = 'x'.repeat(bytes - SOCKET_BYTES - Buffer.byteLength(`${base}/`))
  const server = await startEmbedded({ directory: join(base, name), durable: false })
  servers.push(server)
  expect(await ask(server.adminUrl, ROUTE)).toEqual([{ address }])
})

test('what was committed survives stop, restart and SIGKILL of the server, on the same port', async () => {
  const first = await start()
  await ask(first.adminUrl, 'create table kept (id int4)')
  await ask(first.adminUrl, 'insert into kept values (1)')
  const pids = [first.pid]
  await first.restart('kill')
  await ask(first.adminUrl, 'insert into kept values (2)')
  pids.push(first.pid)
  await first.restart('graceful')
  pids.push(first.pid)
  await first.stop()
  await first.stop()
  const second = await start()
  expect(await ask(second.adminUrl, 'select id from kept order by id')).toEqual([{ id: 1 }, { id: 2 }])
  expect([second.port, second.isTakenOver, new Set([...pids, second.pid]).size]).toEqual([
    first.port,
    false,
    4,
  ])
})

test('a server left by a killed process is taken over, running', async () => {
  const { said, process: holder } = await hold(join(base, 'a', 'b'))
  await ask(said.adminUrl, 'create table kept as select 1 as id')
  await killed(holder)
  const server = await start()
  expect({ ...said, isTakenOver: true }).toEqual({
    pid: server.pid,
    port: server.port,
    adminUrl: server.adminUrl,
    isTakenOver: server.isTakenOver,
  })
  expect(await ask(server.adminUrl, 'select id from kept')).toEqual([{ id: 1 }])
  await server.restart('kill')
  expect(await ask(server.adminUrl, 'select id from kept')).toEqual([{ id: 1 }])
})

test('a left server with other settings or no socket, and one killed as well, are started anew', async () => {
  const left = await hold(join(base, 'a', 'b'))
  await killed(left.process)
  const fast = await start({ durable: false })
  expect([fast.isTakenOver, await ask(fast.adminUrl, 'show fsync')]).toEqual([false, [{ fsync: 'off' }]])
  await fast.stop()
  const shut = await hold(join(base, 'a', 'b'))
  await killed(shut.process)
  await rm(socketOf(shut.said))
  const open = await start()
  expect([open.isTakenOver, await ask(open.adminUrl, ROUTE)]).toEqual([false, [{ address: null }]])
  await open.stop()
  const both = await hold(join(base, 'a', 'b'))
  await killed(both.process)
  process.kill(both.said.pid, 'SIGKILL')
  expect((await start()).isTakenOver).toBe(false)
})

test('a pid file and a socket that name a stranger are put aside, and the stranger is left alone', async () => {
  const first = await start({ durable: false })
  await first.stop()
  const data = join(base, 'a', 'b', 'data')
  // The server believes in processes of its own user alone.
  const { uid } = await stat(data)
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { uid })
  holders.push(stranger)
  await writeFile(
    join(data, 'postmaster.pid'),
    `${stranger.pid}\n${data}\n1\n${first.port}\n\n127.0.0.1\n\nready\n`,
  )
  await writeFile(`${socketOf(first)}.lock`, `${stranger.pid}\n${data}\n1\n${first.port}\n.\n`)
  const second = await start({ durable: false })
  expect(await ask(second.adminUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null])
})

test('of two starters at once the second is refused by name', async () => {
  const directory = join(base, 'a', 'b')
  const both = await Promise.all([hold(directory), hold(directory)])
  const codes = new Set(both.map(({ said }) => said.code ?? 'started'))
  expect(codes).toEqual(new Set(['DIRECTORY_IN_USE', 'started']))
  await expect(start()).rejects.toMatchObject({ code: 'DIRECTORY_IN_USE' })
  for (const { process: holder, said } of both) if (said.code === undefined) await killed(holder)
  await start()
})

test('a half-made directory of a killed start is made again', async () => {
  const directory = join(base, 'a', 'b')
  await mkdir(join(directory, 'data.1234'), { recursive: true })
  await chmod(join(base, 'a'), 0o755)
  await writeFile(join(directory, 'password'), 'old')
  const server = await start({ durable: false })
  expect(await ask(server.adminUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await readFile(join(directory, 'password'), 'utf8')).not.toBe('old')
})

test('a port that is taken is named', async () => {
  const first = await start({ durable: false })
  const second = startEmbedded({ directory: join(base, 'c'), port: first.port })
  await expect(second).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  await expect(startEmbedded({ directory: join(base, 'c'), port: first.port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
  })
})

test.runIf(process.getuid?.() === 0)(
  'root is told which folder the server cannot enter, and how to open it',
  async () => {
    await chmod(base, 0o700)
    await expect(start()).rejects.toMatchObject({
      code: 'DIRECTORY_NOT_READABLE',
      message: expect.stringContaining(`chmod o+x ${base}`),
    })
  },
)

test.runIf(process.getuid?.() === 0)('another user than root runs the server as himself', async () => {
  const uid = 65_534
  await chown(base, uid, uid)
  const { said, process: holder } = await hold(join(base, 'own'), uid)
  expect(said).toMatchObject({ isTakenOver: false })
  expect((await stat(join(base, 'own', 'data'))).uid).toBe(uid)
  await killed(holder)
  const again = await hold(join(base, 'own'), uid)
  expect(again.said).toMatchObject({ pid: said.pid, isTakenOver: true })
  await killed(again.process)
  process.kill(said.pid, 'SIGQUIT')
})

test.each(['', 'below'])('a file in the place of the directory is named with the fix (%j)', async (below) => {
  const path = join(base, 'taken')
  await writeFile(path, '')
  const directory = join(path, below)
  await expect(startEmbedded({ directory })).rejects.toMatchObject({
    name: 'EmbeddedError',
    code: 'NOT_A_DIRECTORY',
    message:
      `the database directory ${directory} cannot be made, a file is in its place: ` +
      'move that file away, or choose another directory',
  })
})
