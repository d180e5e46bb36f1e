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

async function killed(child: ChildProcess): Promise<void> {
  const end = once(child, 'exit')
  child.kill('SIGKILL')
  await end
}

test('a directory with no parents becomes a durable server of UTF-8, UTC and one password', async () => {
  const lines: string[] = []
  const server = await start({ log: (line) => lines.push(line) })
  const settings = `select name, setting from pg_settings where name = any(array['fsync', 'synchronous_commit',
    'listen_addresses', 'unix_socket_directories', 'TimeZone', 'server_encoding', 'jit']) order by name`
  const rows = await ask(server.adminUrl, settings)
  expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
    TimeZone: 'UTC',
    fsync: 'on',
    jit: 'off',
    listen_addresses: '127.0.0.1',
    server_encoding: 'UTF8',
    synchronous_commit: 'on',
    unix_socket_directories: '',
  })
  expect((await stat(join(base, 'a', 'b', 'password'))).mode & 0o777).toBe(0o600)
  expect(await ask(server.adminUrl, `select lower('ÄÖ') as low, 'a' < 'B' as "isByLanguage"`)).toEqual([
    { low: 'äö', isByLanguage: false },
  ])
  const wrong = openDatabase({
    name: 'test',
    url: server.url('postgres', { name: 'postgres', password: 'x' }),
  })
  await expect(wrong).rejects.toMatchObject({ code: 'CONNECTION', sqlState: '28P01' })
  expect(lines[0]).toBe(`starting PostgreSQL in ${join(base, 'a', 'b')}`)
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

test('a left server with other settings, and one killed as well, are started anew', async () => {
  const left = await hold(join(base, 'a', 'b'))
  await killed(left.process)
  const fast = await start({ durable: false })
  expect([fast.isTakenOver, await ask(fast.adminUrl, 'show fsync')]).toEqual([false, [{ fsync: 'off' }]])
  await fast.stop()
  const both = await hold(join(base, 'a', 'b'))
  await killed(both.process)
  process.kill(both.said.pid, 'SIGKILL')
  expect((await start()).isTakenOver).toBe(false)
})

test('a pid file that names a stranger is put aside, and the stranger is left alone', async () => {
  const first = await start({ durable: false })
  await first.stop()
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  holders.push(stranger)
  const data = join(base, 'a', 'b', 'data')
  await writeFile(
    join(data, 'postmaster.pid'),
    `${stranger.pid}\n${data}\n1\n${first.port}\n\n127.0.0.1\n\nready\n`,
  )
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
