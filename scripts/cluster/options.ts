// Owns: what somebody asks of a cluster: which bus, and how many instances of each service. Pure.
import { parseArgs } from 'node:util'

export type BusName = 'postgres' | 'kafka'

export type InstanceCounts = Readonly<Record<string, number>>

/** More than a machine has room for. */
const INSTANCES_COUNT_MAX = 8

export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export interface ClusterWish {
  readonly bus: BusName
  readonly instances: InstanceCounts
}

/** Errors: UsageError. */
export function readWish(args: readonly string[], services: readonly string[]): ClusterWish {
  const { values } = parse(args)
  return { bus: readBus(values.bus), instances: readInstances(values.instances, services) }
}

function parse(args: readonly string[]) {
  const options = {
    bus: { type: 'string', default: 'postgres' },
    instances: { type: 'string', default: '1' },
  } as const
  try {
    return parseArgs({ args: [...args], options })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** Errors: UsageError. */
export function readBus(text: string): BusName {
  if (text === 'postgres' || text === 'kafka') return text
  throw new UsageError(`--bus: '${text}' is no bus; there are postgres and kafka`)
}

/** `2`: of each service; `order=2,payment=3`: of these, one of each other. Errors: UsageError. */
export function readInstances(text: string, services: readonly string[]): InstanceCounts {
  const all = /^\d+$/.test(text) ? text : '1'
  const named = text === all ? [] : text.split(',').map((one) => one.split('=', 2))
  const counts = new Map(services.map((service) => [service, Number(all)]))
  for (const [name = '', count = ''] of named) {
    if (!counts.has(name)) throw new UsageError(`--instances: '${name}' is no service`)
    counts.set(name, Number(count === '' ? NaN : count))
  }
  for (const [name, count] of counts) {
    const countMin = name === 'gateway' ? 1 : 0
    if (Number.isInteger(count) && count >= countMin && count <= INSTANCES_COUNT_MAX) continue
    throw new UsageError(`--instances: ${name} can have ${countMin} to ${INSTANCES_COUNT_MAX}`)
  }
  return Object.fromEntries(counts)
}
