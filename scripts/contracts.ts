// Owns: `npm run contracts [-- url]`: whether the messages of this tree, and the calls of the system at that URL, work
// together with the released ones; `npm run contracts -- --release url`: taking these as the released ones, once they
// are.
// I1: calls are asked of a system that runs, because routes are made there; a test of the whole system asks them too.
import { readFileSync, writeFileSync } from 'node:fs'
import { asyncApiDocument } from '@ensemble/service-gateway/asyncapi'
import { brokenCalls, callsOf } from './contracts/calls.ts'
import { broken } from './contracts/compatible.ts'
import { fieldsOf, type Fields } from './json.ts'
import manifest from '../package.json' with { type: 'json' }

const RELEASED = new URL('contracts/released.json', import.meta.url)
const RELEASED_CALLS = new URL('contracts/released-calls.json', import.meta.url)
const USAGE = 'usage: npm run contracts [-- url of the gateway] | -- --release <url of the gateway>'

function readFields(file: URL): Fields {
  return fieldsOf(JSON.parse(readFileSync(file, 'utf8')))
}

export function released(): Fields {
  return readFields(RELEASED)
}

export function current(): Fields {
  return fieldsOf(JSON.parse(JSON.stringify(asyncApiDocument(manifest.version))))
}

export function releasedCalls(): Fields {
  return readFields(RELEASED_CALLS)
}

/** Of a system that runs. */
export async function currentCalls(url: string): Promise<Fields> {
  const answer = await fetch(new URL('/openapi.json', url))
  return callsOf(fieldsOf(await answer.json()))
}

async function main(args: readonly string[]): Promise<number> {
  const [url] = args.filter((one) => !one.startsWith('--'))
  const isRelease = args.includes('--release')
  if ((url === undefined && isRelease) || (url !== undefined && !URL.canParse(url))) return say([USAGE], 1)
  const calls = url === undefined ? undefined : await currentCalls(url)
  if (isRelease) {
    writeFileSync(RELEASED, `${JSON.stringify(current(), null, 2)}\n`)
    writeFileSync(RELEASED_CALLS, `${JSON.stringify(calls, null, 2)}\n`)
    return say([`what is released is what ${manifest.version} says`], 0)
  }
  const problems = [
    ...broken(released(), current()),
    ...(calls === undefined ? [] : brokenCalls(releasedCalls(), calls)),
  ]
  const what = calls === undefined ? 'messages; for calls name the URL of a system' : 'messages and calls'
  return say(
    [...problems, `contracts: ${problems.length} that break what is released (${what})`],
    Math.sign(problems.length),
  )
}

function say(lines: readonly string[], exitCode: number): number {
  process.stdout.write(`${lines.join('\n')}\n`)
  return exitCode
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
