/** Owns the server's log file and reading on in it. The file outlives us, as the server may; a pipe would not. */
import { watch } from 'node:fs'
import { open, stat, truncate } from 'node:fs/promises'

const LOG_BYTES_MAX = 16 * 1024 * 1024
const TAIL_BYTES = 4_000
const READ_BYTES_MAX = 1024 * 1024

export interface LogTail {
  close(): void
}

/** Emptied at a start once it has grown too large. */
export async function boundLog(path: string): Promise<void> {
  const size = await sizeOf(path)
  if (size > LOG_BYTES_MAX) await truncate(path)
}

export async function lastLines(path: string): Promise<string> {
  const size = await sizeOf(path)
  return (await readFrom(path, Math.max(0, size - TAIL_BYTES))).trim()
}

export async function followLog(path: string, onLine: (line: string) => void): Promise<LogTail> {
  let offset = await sizeOf(path)
  let rest = ''
  let reading = Promise.resolve()
  const readOn = async (): Promise<void> => {
    const size = await sizeOf(path)
    if (size < offset) offset = 0
    if (size === offset) return
    const text = await readFrom(path, offset)
    offset += Buffer.byteLength(text)
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
  const watcher = watch(path, { persistent: false }, () => {
    reading = reading.then(readOn).catch(() => undefined)
  })
  watcher.on('error', () => undefined)
  return { close: () => watcher.close() }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}

async function readFrom(path: string, offset: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES_MAX), 0, READ_BYTES_MAX, offset)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}
