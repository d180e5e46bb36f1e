// Owns: a process as one that takes part in Consul: its services are told of, and others are found.
// I1: nobody waits for Consul to go on: what was found last is used while it is away.
// I2: leaving ends everything that was begun here; it is safe to repeat.
import { isIPv6 } from 'node:net'
import type { Clock, Ids } from '@ensemble/runtime'
import { consulAt, messageOf, type ConsulAgent } from './client.ts'
import { registered } from './registration.ts'
import { watch } from './watch.ts'

export interface ConsulSettings {
  readonly agent: ConsulAgent
  /** Names of services in Consul begin so. */
  readonly servicePrefix: string
  /** Settings are below this key. */
  readonly keyPrefix: string
  /** Where others, and the agent, reach this process. */
  readonly address: string
}

export interface ConsulMember {
  /** Tells of a service of this process that listens. Errors: ConsulError. */
  announce(service: string, port: number): Promise<void>
  /** Hears of the instances of a service, and again whenever they change. */
  find(service: string, hear: (urls: readonly string[]) => void): void
  leave(): Promise<void>
}

export interface Joining {
  readonly settings: ConsulSettings
  readonly version: string
  readonly clock: Clock
  readonly ids: Pick<Ids, 'next' | 'chance'>
  readonly say: (line: string) => void
}

export function joinConsul({ settings, version, clock, ids, say }: Joining): ConsulMember {
  const { agent, servicePrefix, address } = settings
  const consul = consulAt(agent)
  const leaving = new AbortController()
  const { signal } = leaving
  const takeBack: (() => Promise<void>)[] = []
  const watches: Promise<void>[] = []
  return {
    announce: async (service, port) => {
      const name = `${servicePrefix}${service}`
      const origin = `http://${isIPv6(address) ? `[${address}]` : address}:${port}`
      const healthUrl = `${origin}/health/ready`
      const registration = { id: `${name}-${ids.next()}`, name, address, port, healthUrl, version }
      takeBack.push(await registered(registration, { consul, clock, say }))
    },
    find: (service, hear) => {
      const name = `${servicePrefix}${service}`
      const watching = watch({
        read: (blocking) => consul.instances(name, blocking),
        hear,
        fail: (error) => say(`Consul: ${messageOf(error)}; ${service} is asked where it was last`),
        clock,
        chance: () => ids.chance(),
        signal,
      })
      watches.push(watching)
    },
    leave: async () => {
      await Promise.all(takeBack.splice(0).map((one) => one()))
      leaving.abort()
      await Promise.all(watches)
    },
  }
}
