// Owns: `npm run collection -- <file> [url]`: writes an Insomnia v5 collection of every call of a running system.
import { writeFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import { collectionOf } from './collection/collection.ts'
import { fieldsOf } from './json.ts'

const USAGE =
  'usage: npm run collection -- <file.yaml> [url of the gateway, http://127.0.0.1:8080 unless given]'

async function main([file, url = 'http://127.0.0.1:8080']: readonly string[]): Promise<number> {
  if (file === undefined || !URL.canParse(url)) return say(USAGE, 1)
  try {
    const answer = await fetch(new URL('/openapi.json', url))
    const collection = collectionOf(fieldsOf(await answer.json()), new URL(url).origin)
    await writeFile(file, stringify(collection, { lineWidth: 0 }))
    const count = collection.collection.reduce((sum, { children }) => sum + children.length, 0)
    return say(
      `${file}: ${count} calls in ${collection.collection.length} folders; import it into Insomnia`,
      0,
    )
  } catch (error) {
    return say(`nothing was written: ${String(error)}; start the system first (npm start)`, 1)
  }
}

function say(line: string, exitCode: number): number {
  process.stdout.write(`${line}\n`)
  return exitCode
}

process.exitCode = await main(process.argv.slice(2))
