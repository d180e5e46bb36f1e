// Owns: the calls of the README, taken from it, as a script without pauses, as scenes for any system.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Pattern } from '@ensemble/core'
import { ORDER_STATUS, PAYMENT_STATUS } from '@ensemble/service-contracts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { blocksOf, readReadme } from '../scripts/readme.ts'
import { normal } from './normal.ts'
import { call, startTestSystem, type Answer, type TestOptions, type TestSystem } from './support.ts'

const execFileAsync = promisify(execFile)

const ADDRESS = 'http://localhost:8080'
const NOBODY: ReadonlyMap<string, string> = new Map()

const BLOCKS = blocksOf(readReadme())
const FIVE_CALLS = textsOf('Five calls', 'bash')
const ANSWERS = textsOf('Five calls', 'json').map((text) => shapeOf(JSON.parse(text)))
const CHOREOGRAPHED = textsOf('The same, choreographed', 'bash')
const FAILING = 'What happens when things fail'
const UNKNOWN_USER = textsOf(FAILING, 'bash')
const REFUSED = textsOf(FAILING, '').map((text) => shapeOf(JSON.parse(`{${text}`)))

function textsOf(asked: string, kind: string): readonly string[] {
  return BLOCKS.flatMap(({ heading, language, text }) =>
    heading === asked && language === kind ? [text] : [],
  )
}

const ORDER = {
  order_number: '001/ord/sku/IV/2020',
  id_order_type: '545204885836038145',
  id_payment_model: '545204998214516737',
}
const PAY = { payment_total: 100000, payment_status: 'Paid', bank_account_number: '1234567890' }

const DOCUMENT_KEYS = ['__action', '__offset', '__uuid', 'created_at', 'history', 'status', 'update_at']
const FINISHED = { timeout: 20_000, interval: 50 }

/** Registers the scenes, once for each system. */
export function readmeScenes(systems: readonly TestOptions[]): void {
  describe.each(systems)('the calls of the README, $name', (options) => {
    let system: TestSystem
    beforeAll(async () => {
      system = await startTestSystem(options)
    })
    afterAll(async () => {
      await system.end()
    })
    scenesAt(() => system.url, options.environment?.pattern ?? 'orchestration')
  })
}

/** The scenes at a gateway that runs, whose default pattern is named. */
export function scenesAt(url: () => string, pattern: Pattern): void {
  test('five calls without a pause end in a user, a complete order and a paid payment', async () => {
    const at = (path: string): string => `${url()}${path}`

    const { user, order, outputs } = await runReadme(FIVE_CALLS, url(), '')

    const [registered, , ordered, , paid] = outputs
    const [registeredSaid, userSaid, orderedSaid, , paidSaid, rowSaid] = ANSWERS
    expect([registered, ordered, paid]).toEqual([registeredSaid, orderedSaid, paidSaid])
    await vi.waitFor(async () => {
      expect(shapeOf((await call(at(`/v1/user/${user}`))).body)).toEqual(userSaid)
      expect(shapeOf((await call(at(`/v2/order/get/${order}`))).body)).toEqual(rowSaid)
      expect(lastResult(await call(at(`/v1/user/${user}`)))).toMatchObject({ uuid: user })
      expect(lastResult(await call(at(`/v1/order/${order}`)))).toMatchObject({
        id_order_status: ORDER_STATUS.Complete,
      })
      expect(lastResult(await call(at(`/v1/payment/get/${order}`)))).toMatchObject({
        id_payment_status: PAYMENT_STATUS.Paid,
        payment_total: 100000,
        change_total: 0,
      })
    }, FINISHED)
    const payment = await call(at(`/v2/payment/get/${order}`))
    expect(payment.body).toMatchObject({ uuid_order: order, id_payment_status: PAYMENT_STATUS.Paid })

    // The calls of the next chapter use the user of this one.
    const again = await runReadme(CHOREOGRAPHED, url(), `user=${user}\n`)
    await vi.waitFor(async () => {
      const saga = await call(at(`/v1/saga/order.place/${again.order}`))
      expect(saga.body).toMatchObject({ saga: { pattern: 'choreography' }, status: 'completed' })
    }, FINISHED)
  })

  unknownUser(url, pattern)
}

function unknownUser(url: () => string, pattern: Pattern): void {
  test('an unknown user: the order fails, nothing is due, and history names the refused step', async () => {
    const uuid_user = '00000000-0000-4000-8000-000000000000'
    const placed = await call(`${url()}/v1/order`, {
      method: 'POST',
      body: { ...ORDER, uuid_user },
      headers: { prefer: 'wait=20' },
    })

    const said = await runReadme(UNKNOWN_USER, url(), 'user=; order=\n')
    expect(said.outputs).toEqual(REFUSED.map(({ saga }) => ({ saga: { ...fieldsOf(saga), pattern } })))
    const uuid_order = String(placed.body['uuid'])
    expect(placed.body['saga']).toEqual({
      plan: 'order.place',
      id: uuid_order,
      pattern,
      status: 'compensated',
      data: {
        uuid_order,
        uuid_user,
        order_number: ORDER.order_number,
        because: { step: 'verifyUser', status: 'rejected', reason: 'unknown_user', data: { uuid_user } },
      },
    })
    const row = await call(`${url()}/v2/order/get/${uuid_order}`)
    expect(row.body).toMatchObject({ id_order_status: ORDER_STATUS.Failed })
    expect((await call(`${url()}/v2/payment/get/${uuid_order}`)).status).toBe(404)
    expect(await call(`${url()}/v1/payment/${uuid_order}`, { method: 'PUT', body: PAY })).toMatchObject({
      status: 409,
      body: { code: 'order-failed' },
    })
  })
}

interface Run {
  readonly user: string
  readonly order: string
  /** What each block printed, ids and times aside. */
  readonly outputs: readonly unknown[]
}

const END_OF_BLOCK = '@@@'

/** The blocks as one script in which nothing but the address is other than in the README. */
async function runReadme(blocks: readonly string[], url: string, before: string): Promise<Run> {
  const ends = blocks.map((text) => `${text}\necho; echo ${END_OF_BLOCK}`)
  const script = `set -eu -o pipefail\n${before}${ends.join('\n')}\necho "$user $order"\n`
  const { stdout } = await execFileAsync('bash', ['-c', script.replaceAll(ADDRESS, url)])
  const printed = stdout.split(END_OF_BLOCK)
  const [user = '', order = ''] = (printed.pop() ?? '').trim().split(' ')
  return { user, order, outputs: printed.map(answerOf) }
}

/** undefined when it is no JSON: what is cut off at its end. */
function answerOf(printed: string): unknown {
  const text = printed.trim()
  try {
    return shapeOf(JSON.parse(text.startsWith('{') ? text : `{${text}`))
  } catch {
    return undefined
  }
}

/** Without what differs between two runs. */
function shapeOf(answer: unknown): Readonly<Record<string, unknown>> {
  const { id_order: _, ...fields } = fieldsOf(answer)
  return fieldsOf(normal(fields, NOBODY))
}

/** The result of the newest entry of a history document. */
function lastResult({ status, body }: Answer): unknown {
  expect(status).toBe(200)
  expect(Object.keys(body).sort()).toEqual(DOCUMENT_KEYS)
  const entries = Array.isArray(body['history']) ? body['history'] : []
  expect(body).toMatchObject({ status: 'success', __offset: entries.length - 1 })
  const last: unknown = entries.at(-1)
  expect(last).toMatchObject({ data: { code: '200' } })
  return last === null || typeof last !== 'object' || !('data' in last)
    ? undefined
    : fieldsOf(last.data)['result']
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
