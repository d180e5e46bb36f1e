// Owns: the servers that a cluster stands on: PostgreSQL and, where asked, a Kafka broker; given ones, or its own.
// I1: own ones are started again when they die, keep their data, and end with the cluster.
// I2: data of the two buses is kept apart: sagas that began on one cannot go on with the other.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { keepAlive } from '@ensemble/all-in-one'
import { findCluster, type BrokerCluster } from '@ensemble/kafka/broker'
import { startEmbedded, type EmbeddedServer } from '@ensemble/postgres'
import { systemClock } from '@ensemble/runtime'
import { startBrokers } from '../kafka.ts'
import type { BusName } from './options.ts'

export interface GroundOptions {
  readonly bus: BusName
  /** Folder of own servers. */
  readonly data: string
  /** A PostgreSQL to use instead, as somebody who may create databases and roles. */
  readonly databaseUrl?: string | undefined
  /** Brokers to use instead. */
  readonly brokers?: string | undefined
  readonly say: (line: string) => void
}

export interface Ground {
  readonly adminUrl: string
  /** null where one was given. */
  readonly embedded: EmbeddedServer | null
  /** KAFKA_BROKERS; undefined without Kafka. */
  readonly brokers: string | undefined
  /** null where brokers were given, and without Kafka. */
  readonly broker: BrokerCluster | null
}

/** Whatever it starts is ended by `stack`. Errors: EmbeddedError, BrokerError. */
export async function openGround(options: GroundOptions, stack: AsyncDisposableStack): Promise<Ground> {
  const { bus, databaseUrl, brokers, say } = options
  const embedded = databaseUrl === undefined ? await ownDatabase(options, stack) : null
  const isOwnBroker = bus === 'kafka' && brokers === undefined
  const broker = isOwnBroker ? await ownBroker(options, stack) : null
  const servers = [
    { name: 'PostgreSQL', server: embedded },
    { name: 'Kafka', server: broker === null ? null : { revive: () => revive(broker) } },
  ]
  for (const { name, server } of servers) {
    if (server === null) continue
    const keeper = keepAlive(server, { name, clock: systemClock, say })
    stack.defer(() => keeper.stop())
  }
  return {
    adminUrl: embedded?.adminUrl ?? databaseUrl ?? '',
    embedded,
    brokers: bus === 'kafka' ? (broker?.brokers ?? brokers) : undefined,
    broker,
  }
}

async function ownDatabase(
  { data, bus, say }: GroundOptions,
  stack: AsyncDisposableStack,
): Promise<EmbeddedServer> {
  const directory = join(data, `cluster-${bus}`)
  say(`starting PostgreSQL in ${directory} (the first time takes some seconds)`)
  const server = await startEmbedded({ directory })
  stack.defer(() => server.stop())
  return server
}

async function ownBroker({ data, say }: GroundOptions, stack: AsyncDisposableStack): Promise<BrokerCluster> {
  const directory = join(data, 'cluster-kafka', 'broker')
  const known = await findCluster(directory)
  if (known === undefined) await mkdir(directory, { recursive: true })
  await known?.start()
  const broker = known ?? (await startBrokers({ count: 1, directory }, say))
  stack.defer(() => broker.stop())
  return broker
}

async function revive(broker: BrokerCluster): Promise<boolean> {
  const hasDied = (await broker.status()).some(({ pid }) => pid === null)
  if (hasDied) await broker.start()
  return hasDied
}
