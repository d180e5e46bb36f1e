/**
 * Owns whether the server has a Unix socket, where clients find it, and removing one that a killed server left.
 * I1: the place follows from the data directory alone, so whoever takes the server over finds it.
 * I2: only root and the server's user reach it: nobody else enters the data directory, and its own mode says the same.
 */
import { readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { ListenOptions } from 'node:net'
import { platform } from 'node:os'
import { join } from 'node:path'

const NAME = '.s.PGSQL.'
/** As long as the longest port. */
const PROBE = `${NAME}probe`
/** `sun_path` of the system, without its final zero. */
const PATH_BYTES_MAX = platform() === 'darwin' ? 103 : 107

/**
 * What clients take for the host. Nothing where they must come over TCP: the system has no such sockets, the path is
 * too long for them, or the file system holds none, as a folder of the host's in a container may.
 */
export async function socketHost(data: string): Promise<string | undefined> {
  const path = join(data, PROBE)
  if (platform() === 'win32' || Buffer.byteLength(path) > PATH_BYTES_MAX) return undefined
  await rm(path, { force: true })
  return (await canListen({ path })) ? data : undefined
}

export function socketSettings(host: string | undefined): Readonly<Record<string, string>> {
  // The server works in its data directory, so a point names it, whatever characters the path has.
  return { unix_socket_directories: host === undefined ? '' : '.', unix_socket_permissions: '0700' }
}

/** The server removes its own, unless the number in the lock is another process's by now, or the port changed. */
export async function removeLeftSockets(data: string): Promise<void> {
  const left = (await readdir(data)).filter((name) => name.startsWith(NAME))
  for (const name of left) await rm(join(data, name), { force: true })
}

export async function canListen(at: ListenOptions): Promise<boolean> {
  const server = createServer()
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(at, () => resolve(true))
  })
  await new Promise((resolve) => server.close(resolve))
  return isListening
}
