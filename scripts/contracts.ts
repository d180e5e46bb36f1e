// Owns: `npm run contracts`: whether the messages of this tree work together with the released ones, and
// `npm run contracts -- --release`: taking this tree's as the released ones, once they are.
import { readFileSync, writeFileSync } from 'node:fs'
import { asyncApiDocument } from '@ensemble/service-gateway/asyncapi'
import { broken } from './contracts/compatible.ts'
import { fieldsOf, type Fields } from './json.ts'
import manifest from '../package.json' with { type: 'json' }

const RELEASED = new URL('contracts/released.json', import.meta.url)

export function released(): Fields {
  return fieldsOf(JSON.parse(readFileSync(RELEASED, 'utf8')))
}

export function current(): Fields {
  return fieldsOf(JSON.parse(JSON.stringify(asyncApiDocument(manifest.version))))
}

function main(args: readonly string[]): number {
  if (args.includes('--release')) {
    writeFileSync(RELEASED, `${JSON.stringify(current(), null, 2)}\n`)
    process.stdout.write(`scripts/contracts/released.json is what ${manifest.version} says\n`)
    return 0
  }
  const problems = broken(released(), current())
  for (const problem of problems) process.stdout.write(`${problem}\n`)
  process.stdout.write(`contracts: ${problems.length} that break what is released\n`)
  return problems.length === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2))
