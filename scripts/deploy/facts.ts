// Owns: what the files of the deployment are held against: the services, what they read, where they answer.
import { readFileSync } from 'node:fs'
import { SERVICE_NAMES } from '@ensemble/all-in-one'
import { EnvironmentError, readEnvironment } from '@ensemble/service'

export { SERVICE_NAMES }

export const READY = '/health/ready'
export const LIVE = '/health/live'

/** A part of an image's name that says which one it is for ever, as far as a tag can. */
const TAG_EXACT = /:v?\d+\.\d+(?:\.\d+)?(?:-[a-z0-9-]+)?$/

const ROOT = new URL('../../', import.meta.url)

export function textOf(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8')
}

export function isPinned(image: string): boolean {
  return TAG_EXACT.test(image)
}

/** Whom the gateway asks over HTTP. */
export function askedByGateway(): readonly string[] {
  const list = /GATEWAY_ASKS = \[(.*)\]/.exec(textOf('scripts/service.ts'))?.[1] ?? ''
  return [...list.matchAll(/'([a-z-]+)'/g)].map(([, name = '']) => name)
}

/** What a process of ours would refuse, and what it would not even look at. */
export function problemsOfEnvironment(env: Readonly<Record<string, string>>): readonly string[] {
  const read = new Set<string>()
  const watched = new Proxy(env, {
    get: (target, name: string) => {
      read.add(name)
      return target[name]
    },
  })
  const problems: string[] = []
  try {
    readEnvironment({ env: watched, services: SERVICE_NAMES })
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error
    problems.push(...error.problems)
  }
  const unread = Object.keys(env).filter((name) => !read.has(name))
  return [...problems, ...unread.map((name) => `nothing reads ${name}`)]
}
