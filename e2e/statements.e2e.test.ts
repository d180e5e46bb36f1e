// What a batch costs: 200 commands of one kind take as many statements as one.
import { operationId, TOPIC, type CommandMessage, type Direction, type StepKind } from '@ensemble/core'
import type { Bus, Link } from '@ensemble/runtime'
import { ORDER_TYPE, PAYMENT_MODEL, placeOrder } from '@ensemble/service-contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { found } from '../scripts/demo/client.ts'
import { startTestSystem, type TestSystem } from './support.ts'
import { tablesOf, type Tables } from './tables.ts'

type Counts = Readonly<Record<string, number>>

/** A batch as the service has received it. */
interface Batch {
  readonly ids: ReadonlySet<string>
  readonly statements: Counts
}

interface Kind {
  readonly participant: string
  readonly request: string
  readonly kind: StepKind
  readonly direction: Direction
  readonly input: (uuid: string) => unknown
}

const COUNT = 200
/** Larger than what is sent, so that it comes at once however it is spread over the partitions. */
const BIG_BATCH = { batchCountMax: 5 * COUNT }
/** So that nothing else asks the database meanwhile. */
const QUIET = { sweepMs: 600_000 }
const RUN = { kind: 'compensatable', direction: 'run' } as const
const UNDO = { kind: 'compensatable', direction: 'undo' } as const

const orderId = (uuid: string) => ({ orderId: uuid })
const userId = (uuid: string) => ({ userId: uuid })
const open = (uuid: string) => ({
  orderId: uuid,
  orderNumber: uuid,
  userId: uuid,
  orderTypeId: ORDER_TYPE.SKU,
  orderStatusId: null,
})
const prepare = (uuid: string) => ({
  orderId: uuid,
  userId: uuid,
  paymentModelId: PAYMENT_MODEL['Pay Later'],
  paymentStatusId: null,
  amountDue: 1_000,
  inquiryNumber: '',
  bankName: '',
})
const register = (uuid: string) => ({
  userId: uuid,
  profile: {
    firstName: 'Maya',
    lastName: null,
    email: `${uuid}@example.test`,
    handphone: '+6281247930699',
    address: 'Street 1',
    city: null,
    province: null,
    district: null,
  },
})
const send = (uuid: string) => ({
  template: 'welcome',
  to: { uuid_user: uuid, first_name: 'Maya', email: `${uuid}@example.test`, handphone: '+6281247930699' },
  data: { site_profil: 'Maya' },
})

/** Of one participant in the order in which one order needs them. */
const KINDS: readonly Kind[] = [
  { participant: 'order', request: 'open', ...RUN, input: open },
  { participant: 'order', request: 'complete', kind: 'retriable', direction: 'run', input: orderId },
  { participant: 'user', request: 'register', ...RUN, input: register },
  { participant: 'user', request: 'verify', kind: 'check', direction: 'run', input: userId },
  { participant: 'user', request: 'remove', ...UNDO, input: userId },
  { participant: 'payment', request: 'prepare', ...RUN, input: prepare },
  { participant: 'payment', request: 'collect', kind: 'pivot', direction: 'run', input: orderId },
  { participant: 'payment', request: 'cancel', ...UNDO, input: orderId },
  { participant: 'notification', request: 'send', kind: 'retriable', direction: 'run', input: send },
]
const SENDER = 'gateway'
const SERVICES = ['order', 'user', 'payment', 'notification', SENDER]

describe('statements of a batch', () => {
  let system: TestSystem
  let tables: Tables
  const links = new Map<string, Link>()
  const batches: Batch[] = []

  const counted = (service: string): Counts => system.services.get(service)?.database.counted() ?? {}
  const watched = (bus: Bus, service: string): Bus => ({
    connect: async (what) => {
      const link = await bus.connect(what)
      links.set(service, link)
      return {
        ...link,
        receive: async (countMax, handle) => {
          const before = counted(service)
          const ids = new Set<string>()
          const count = await link.receive(countMax, async (tx, batch) => {
            for (const delivered of batch) if (delivered.ok) ids.add(delivered.message.id)
            return await handle(tx, batch)
          })
          if (count > 0) batches.push({ ids, statements: difference(counted(service), before) })
          return count
        },
      }
    },
  })

  beforeAll(async () => {
    system = await startTestSystem({
      name: 'statements',
      services: SERVICES,
      engine: { ...BIG_BATCH, ...QUIET },
      wrapBus: watched,
    })
    tables = await tablesOf(system)
  })
  afterAll(async () => {
    await tables.close()
    await system.end()
  })

  test.each(KINDS)('$participant $request: 200 cost as many as 1', async (kind) => {
    // Every partition's first batch is counted apart, by design, so one batch goes before.
    const before = await handled(kind, COUNT, 'a')
    const one = await handled(kind, 1, 'b')
    const many = await handled(kind, COUNT, 'c')

    expect(before.ids.size).toBe(COUNT)
    expect({ ...many.statements }).toEqual({ ...one.statements })
    expect(one.statements['COMMIT']).toBe(1)
  })

  /** The batch in which the service took these commands. */
  async function handled(kind: Kind, count: number, series: string): Promise<Batch> {
    await tables.quiet()
    const { participant } = kind
    const uuids = Array.from({ length: count }, (_, index) => uuidOf(participant, series, index))
    const messages = uuids.map((uuid) => commandOf(kind, uuid))
    // By another service: what a service sends is not what its batch costs.
    await system.services
      .get(SENDER)
      ?.database.transaction(async (tx) => links.get(SENDER)?.put(tx, messages))
    const [first] = messages
    return await found(`${count} ${participant}.${kind.request}`, async () =>
      batches.find(({ ids }) => ids.size === count && first !== undefined && ids.has(first.id)),
    )
  }
})

function commandOf({ participant, request, kind, direction, input }: Kind, uuid: string): CommandMessage {
  const { name: plan, version, fingerprint } = placeOrder
  const saga = { plan, id: uuid, pattern: 'orchestration' } as const
  const operation = operationId(saga, request, direction)
  const issuedAt = Date.now()
  return {
    type: 'command',
    id: `${operation}#ask`,
    topic: TOPIC.commands(participant),
    key: uuid,
    saga,
    plan: { version, fingerprint },
    ask: {
      operation,
      step: request,
      kind,
      direction,
      participant,
      request,
      contract: 1,
      input: input(uuid),
      deadline: null,
      issuedAt,
    },
  }
}

/** The same for one participant, series and index, so that a later command finds what an earlier one has made. */
function uuidOf(participant: string, series: string, index: number): string {
  const hex = Buffer.from(`${participant.slice(0, 4)}-${series}`).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-4000-8000-${String(index).padStart(12, '0')}`
}

function difference(after: Counts, before: Counts): Counts {
  return Object.fromEntries(
    Object.entries(after).flatMap(([name, count]) => {
      const more = count - (before[name] ?? 0)
      return more === 0 ? [] : [[name, more]]
    }),
  )
}
