/** A program: keeps a throw-away server for as long as a test run lives, then removes it. Arguments: pid, directory. */
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from './database/clock.ts'
import { processExists } from './embedded/owner.ts'
import { startEmbedded } from './embedded/server.ts'

const WATCH_MS = 500

const [pidText = '', directory = ''] = process.argv.slice(2)
const pid = Number(pidText)

async function say(message: Readonly<Record<string, string>>): Promise<void> {
  const draft = join(directory, 'ready.draft')
  await writeFile(draft, JSON.stringify(message), { mode: 0o600 })
  await rename(draft, join(directory, 'ready.json'))
}

async function keep(): Promise<void> {
  const server = await startEmbedded({ directory: join(directory, 'server'), durable: false })
  await say({ adminUrl: server.adminUrl })
  while (processExists(pid)) await systemClock.sleep(WATCH_MS)
  await server.stop()
}

try {
  await keep()
} catch (error) {
  await say({ error: error instanceof Error ? error.message : String(error) })
  while (processExists(pid)) await systemClock.sleep(WATCH_MS)
}
await rm(directory, { recursive: true, force: true })
