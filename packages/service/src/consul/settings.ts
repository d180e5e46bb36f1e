// Owns: settings that Consul keeps (KV): read at start, and again whenever they change.
// I1: what the process is told by its own environment counts first; then its service's own key, then the one for all.
// I2: a change that is not usable changes nothing, and is said.
// I3: only the settings in LIVE change while the process runs; the others are said to count from the next start.
// I4: no value is ever said.
import { backoffMs, type RetryPolicy } from '@ensemble/core'
import type { Clock, Ids } from '@ensemble/runtime'
import { EnvironmentError, type Environment, type Given } from '../config.ts'
import type { EdgeSettings } from '../edge-config.ts'
import { ConsulError, messageOf, type Consul, type Indexed } from './client.ts'
import { watch } from './watch.ts'

type Env = Given['env']
type Values = ReadonlyMap<string, string>

export interface KeptSettings {
  readonly consul: Pick<Consul, 'values'>
  readonly keyPrefix: string
  readonly service: string
  readonly env: Env
  /** Errors: EnvironmentError. */
  readonly read: (env: Env) => Environment
  readonly clock: Clock
  readonly ids: Pick<Ids, 'chance'>
  readonly say: (line: string) => void
}

export interface LiveEnvironment {
  /** As it was at start. */
  readonly environment: Environment
  readonly edgeNow: () => EdgeSettings
  stop(): Promise<void>
}

const LIVE: ReadonlySet<string> = new Set([
  'RATE_LIMIT_ADDRESS',
  'RATE_LIMIT_CALLER',
  'RATE_LIMIT_WINDOW',
  'PEER_TIMEOUT',
  'EVENT_STREAMS_MAX',
  'REQUESTS_MAX',
])

const NAME = /^(?!CONSUL_)[A-Z][A-Z0-9_]*$/
/** Four to eight seconds: an agent that starts with the machine is there by then. */
const START_RETRY: RetryPolicy = { delayMsMin: 250, delayMsMax: 4_000, attemptsMax: 6 }

/** Errors: ConsulError when nothing answers, EnvironmentError. */
export async function settingsIn(kept: KeptSettings): Promise<LiveEnvironment> {
  const { consul, keyPrefix, service, env, read, clock, ids, say } = kept
  const stopping = new AbortController()
  const { signal } = stopping
  const layers = (values: Values): Env => layered(values, { service, env })
  let current = layers((await firstValues(kept, signal)).value)
  const environment = read(current)
  let edge = environment.edge
  const hear = (values: Values): void => {
    const next = layers(values)
    const changed = namesThatDiffer(current, next)
    if (changed.length === 0) return
    try {
      edge = withLive(edge, read(next).edge)
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error
      say(`Consul: ${changed.join(', ')} changed, and is not used: ${error.problems.join('; ')}`)
      return
    }
    current = next
    for (const name of changed)
      say(`Consul: ${name} changed; it counts ${LIVE.has(name) ? 'now' : 'from the next start'}`)
  }
  const watching = watch({
    read: (blocking) => consul.values(keyPrefix, blocking),
    hear,
    fail: (error) => say(`Consul: ${messageOf(error)}; settings stay as they are`),
    clock,
    chance: () => ids.chance(),
    signal,
  })
  return {
    environment,
    edgeNow: () => edge,
    stop: async () => {
      stopping.abort()
      await watching
    },
  }
}

async function firstValues(
  { consul, keyPrefix, clock, ids }: KeptSettings,
  signal: AbortSignal,
): Promise<Indexed<Values>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await consul.values(keyPrefix, { index: 0, signal })
    } catch (error) {
      const isAway = error instanceof ConsulError && error.code === 'CONSUL_AWAY'
      if (!isAway || attempt === START_RETRY.attemptsMax) throw error
      await clock.sleep(backoffMs(START_RETRY, attempt, ids.chance()), signal)
    }
  }
}

interface Layers {
  readonly service: string
  readonly env: Env
}

function layered(values: Values, { service, env }: Layers): Env {
  const own = `${service}/`
  const named = (entries: readonly (readonly [string, string])[]) =>
    entries.filter(([name]) => NAME.test(name))
  const forAll = named([...values])
  const forService = named(
    [...values].flatMap(([key, value]) =>
      key.startsWith(own) ? [[key.slice(own.length), value] as const] : [],
    ),
  )
  const told = Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== '')
  return Object.fromEntries([...forAll, ...forService, ...told])
}

function namesThatDiffer(before: Env, after: Env): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => before[name] !== after[name]).toSorted()
}

function withLive(before: EdgeSettings, after: EdgeSettings): EdgeSettings {
  const { rateLimits, peerTimeoutMs, eventStreamsMax, requestsMax } = after
  return { ...before, rateLimits, peerTimeoutMs, eventStreamsMax, requestsMax }
}
