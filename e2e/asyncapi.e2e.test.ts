// What really travels, held against the document of the bus: each message that a running system says or handles, by
// its name.
import type { Message } from '@ensemble/core'
import { PATTERNS, plain } from '@ensemble/core'
import type { Bus } from '@ensemble/runtime'
import { Ajv, type ValidateFunction } from 'ajv'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fieldsOf } from '../scripts/json.ts'
import { AMOUNT, orderBody, registered } from './people.ts'
import { call, startTestSystem, type TestSystem } from './support.ts'

/** Names of what must have been met, so that nothing is held against nothing. */
const MET = [
  'user.register',
  'user.registered',
  'order.open',
  'order.opened',
  'order.status-updated',
  'payment.collected',
  'notification.queued',
  'user.verify-rejected',
  'order.place.completed',
  'order.place.compensated',
]

let system: TestSystem
const heard = new Map<string, Message>()

/** What is done at once by a service of the same process does not travel; it says the same. */
function hearing(bus: Bus): Bus {
  const hear = (messages: readonly Message[]): void => {
    for (const message of plain(messages)) heard.set(message.id, message)
  }
  return {
    connect: async (what) => {
      const link = await bus.connect(what)
      return {
        ...link,
        transaction: (work) =>
          link.transaction(async (tx) => {
            const said = await work(tx)
            hear(said.messages)
            return said
          }),
        receive: (countMax, handle) =>
          link.receive(countMax, async (tx, batch) => {
            hear(batch.flatMap((delivered) => (delivered.ok ? [delivered.message] : [])))
            return await handle(tx, batch)
          }),
      }
    },
  }
}

beforeAll(async () => {
  system = await startTestSystem({ name: 'asyncapi', wrapBus: hearing })
})
afterAll(() => system.end())

test('every message is as the document says', async () => {
  const { url } = system
  for (const pattern of PATTERNS) {
    const user = await registered(url, `async.${pattern}`)
    const headers = { 'saga-pattern': pattern, prefer: 'wait=10' }
    const order = {
      method: 'POST' as const,
      headers: { 'saga-pattern': pattern },
      body: orderBody(user, 'a'),
    }
    const { body } = await call(`${url}/v2/order`, order)
    const pay = { method: 'PUT' as const, body: { payment_total: AMOUNT } }
    expect((await call(`${url}/v2/payment/${String(body['uuid'])}`, pay)).status).toBe(200)
    const nobody = orderBody('00000000-0000-4000-8000-000000000000', 'b')
    await call(`${url}/v2/order`, { method: 'POST', headers, body: nobody })
  }
  const names = (): ReadonlySet<string> => new Set([...heard.values()].map(nameOf))
  await expect.poll(() => MET.filter((name) => !names().has(name)), { timeout: 15_000 }).toEqual([])

  const checks = await checksOf(url)
  const faults = [...heard.values()].flatMap((message) => {
    const check = checks.get(nameOf(message))
    if (check === undefined || check(message)) return []
    return [`${nameOf(message)}: ${JSON.stringify(check.errors?.slice(0, 2))}`]
  })
  expect(faults).toEqual([])
})

async function checksOf(url: string): Promise<ReadonlyMap<string, ValidateFunction>> {
  const ajv = new Ajv({ strict: false, validateFormats: false })
  const { components } = (await call(`${url}/asyncapi.json`)).body
  const messages = Object.entries(fieldsOf(fieldsOf(components)['messages']))
  return new Map(
    messages.map(([name, message]) => [name, ajv.compile(fieldsOf(fieldsOf(message)['payload']))]),
  )
}

function nameOf(message: Message): string {
  if (message.type === 'command') return `${message.ask.participant}.${message.ask.request}`
  return 'name' in message ? message.name : message.type
}
