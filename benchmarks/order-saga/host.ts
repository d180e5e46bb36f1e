// Owns: one service of the measured system on its place and bus; the same in its own process and in a shared one.
import type { Pattern, Plan } from '@ensemble/core'
import { kafkaTransport } from '@ensemble/kafka'
import { memoryBus } from '@ensemble/memory'
import { engineDatabase, openDatabase, openSessions, sharedBus, type Sessions } from '@ensemble/postgres'
import {
  createHost,
  limited,
  outboxed,
  systemClock,
  systemIds,
  type Bus,
  type Host,
  type HostOptions,
} from '@ensemble/runtime'
import { orderSagaIn, waitingSagaIn, type OrderSaga } from './contracts.ts'
import { orderService, paymentService } from './services.ts'

export const SERVICES = ['orders', 'payments'] as const
export type ServiceName = (typeof SERVICES)[number]

export type BusKind = 'postgres' | 'kafka' | 'memory'

export interface BusPlace {
  readonly kind: BusKind
  readonly partitions: number
  /** Of Kafka; empty elsewhere. */
  readonly brokers: string
}

/** Can be sent to another process. */
export interface Seat {
  readonly service: ServiceName
  readonly url: string
  readonly schema: string
  readonly bus: BusPlace
  readonly pattern: Pattern
  readonly steps: number
}

export interface Seated {
  readonly host: Host
  stop(): Promise<void>
}

interface Opened {
  readonly bus: Bus
  readonly close: () => Promise<void>
}

/** Of one process: all its services share it. */
export function openBus({ kind, partitions, brokers }: BusPlace): Opened {
  const limit = { batchesMax: kind === 'postgres' ? 2 : 3 }
  if (kind === 'postgres')
    return { bus: limited(sharedBus({ partitions }), limit), close: async () => undefined }
  const transport =
    kind === 'kafka' ? kafkaTransport({ brokers: brokers.split(','), partitions }) : memoryBus({ partitions })
  return { bus: limited(outboxed(transport, systemIds(systemClock)), limit), close: () => transport.close() }
}

/** Of one process, too. */
export async function openTogether(url: string | null): Promise<Sessions | undefined> {
  if (url === null) return undefined
  return (await openSessions({ name: 'together', url, sizeMax: POOL_SIZE * SERVICES.length })) ?? undefined
}

export async function openHost(seat: Seat, bus: Bus, sessions?: Sessions): Promise<Seated> {
  const { service, url, schema, pattern, steps } = seat
  const opened = await openDatabase({ name: service, url, schema, sizeMax: POOL_SIZE, sessions })
  const database = engineDatabase(opened)
  const plans: readonly Plan<OrderSaga>[] = [orderSagaIn(pattern, steps), waitingSagaIn(pattern)]
  const host = await createHost({ service, database, bus, plans, ...partOf(service, pattern), pattern })
  return {
    host,
    stop: async () => {
      await host.stop()
      await database.close()
    },
  }
}

const POOL_SIZE = 4

/** Whoever has the orders starts their sagas, and orchestrates what it starts: the engine is a library in it. */
function partOf(service: ServiceName, pattern: Pattern): Partial<HostOptions> {
  switch (service) {
    case 'orders':
      return { implementation: orderService, starts: true, orchestrates: pattern === 'orchestration' }
    case 'payments':
      return { implementation: paymentService }
    default:
      return service satisfies never
  }
}
