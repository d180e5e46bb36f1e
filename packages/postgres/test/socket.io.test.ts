/** Folders that can hold the embedded server's socket, and one that cannot. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { socketHost } from '../src/embedded/socket.ts'

test('a folder holds a socket, and nothing is left of the trial, not even by one that was killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'socket-'))
  const killed = createServer().listen(join(folder, '.s.PGSQL.probe'))
  try {
    expect(await socketHost(folder)).toBe(folder)
    expect(await readdir(folder)).toEqual([])
  } finally {
    killed.close()
    await rm(folder, { recursive: true, force: true })
  }
})

test.runIf(process.platform === 'linux')('a file system without sockets has none', async () => {
  expect(await socketHost('/proc')).toBe(undefined)
})
