/** A program for tests: starts the embedded server in the given directory, says so on one line, and stays. */
import { EmbeddedError, startEmbedded } from '../../src/index.ts'

const [directory = ''] = process.argv.slice(2)
try {
  const { pid, port, adminUrl, isTakenOver } = await startEmbedded({ directory })
  process.stdout.write(`${JSON.stringify({ pid, port, adminUrl, isTakenOver })}\n`)
  setInterval(() => undefined, 60_000)
} catch (error) {
  const code = error instanceof EmbeddedError ? error.code : String(error)
  process.stdout.write(`${JSON.stringify({ code })}\n`)
}
