/**
 * Owns where the server's Unix socket lies, and removing one that a killed server left. Only the server makes it.
 * I1: the place follows from the data directory and the port, so whoever takes the server over finds it.
 * I2: only root and the server's user reach it: nobody else enters the data directory, and its own mode says the same.
 */
import { readdir, rm } from 'node:fs/promises'
import { platform } from 'node:os'
import { join } from 'node:path'

/** The server works in its data directory, so the way to that may be long for everybody but its clients. */
export const SOCKET_SETTINGS: Readonly<Record<string, string>> = {
  unix_socket_directories: platform() === 'win32' ? '' : '.',
  unix_socket_permissions: '0700',
}

const NAME = '.s.PGSQL.'
/** `sun_path` of the system, without its final zero. */
const PATH_BYTES_MAX = platform() === 'darwin' ? 103 : 107

/** What a client takes for the host; nothing where it must come over TCP: no such sockets, or a path too long. */
export function socketHost(data: string, port: number): string | undefined {
  const bytes = Buffer.byteLength(join(data, `${NAME}${port}`))
  return platform() === 'win32' || bytes > PATH_BYTES_MAX ? undefined : data
}

/** The server removes one itself, unless the number in its lock file is another process's by now, or the port differs. */
export async function removeLeftSockets(data: string): Promise<void> {
  const left = (await readdir(data)).filter((name) => name.startsWith(NAME))
  for (const name of left) await rm(join(data, name), { force: true })
}
