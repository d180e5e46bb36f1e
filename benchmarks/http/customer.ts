// Owns: what a customer does over HTTP: registers, orders, pays, and looks until the order is complete.
// I1: an answer that is not the expected one ends the run; a payment that is not prepared yet is paid again.
import { setTimeout as sleep } from 'node:timers/promises'
import { ORDER_STATUS, ORDER_TYPE, PAYMENT_MODEL } from '@ensemble/service-contracts'
import { Pool } from 'undici'
import * as z from 'zod'
import type { HttpOptions } from './options.ts'

export const AMOUNT = 100_000

const Uuid = z.object({ uuid: z.string() })
const Order = z.object({ id_order_status: z.string() })
const Waited = z.object({ saga: z.object({ status: z.string() }) })

/** The first look comes at once; a person's program would not look more often than this. */
const LOOK_MS = 10
const LOOKS_MAX = 3_000
const WAIT_SECONDS = 30

interface Asking {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

interface Answer {
  readonly status: number
  readonly body: unknown
  /** Of whoever is told to come back. */
  readonly retryAfterS: number | null
}

/** An order that was not taken: come back later. */
export type Bought = 'complete' | 'refused'

/** Answered 503 with Retry-After. */
class ComeBack extends Error {
  readonly afterS: number

  constructor({ method, path }: Asking, afterS: number) {
    super(`${method} ${path} is answered 503, retry after ${afterS} s`)
    this.afterS = afterS
  }
}

export interface Shop {
  /** Resolves with the user's id when the registration has ended. */
  register(n: number): Promise<string>
  /** Resolves when the public API shows that the order is complete, or when it was not taken. */
  buy(purchase: { readonly user: string; readonly number: string }): Promise<Bought>
  close(): Promise<void>
}

interface Calls {
  readonly ask: (asking: Asking) => Promise<Answer>
  /** The body of what must be answered with 200. */
  readonly must: (asking: Asking) => Promise<unknown>
  readonly close: () => Promise<void>
}

function callsTo(url: string, connections: number): Calls {
  const pool = new Pool(url, { connections, pipelining: 1 })
  const ask = async ({ method, path, headers, body }: Asking): Promise<Answer> => {
    const json = body === undefined ? undefined : JSON.stringify(body)
    const answer = await pool.request({
      method,
      path,
      headers: { ...headers, ...(json !== undefined && { 'content-type': 'application/json' }) },
      ...(json !== undefined && { body: json }),
    })
    const retryAfter = answer.headers['retry-after']
    const retryAfterS = typeof retryAfter === 'string' ? Number(retryAfter) : null
    return { status: answer.statusCode, body: await answer.body.json(), retryAfterS }
  }
  const must = async (asking: Asking): Promise<unknown> => {
    const { status, body, retryAfterS } = await ask(asking)
    if (status === AWAY && retryAfterS !== null) throw new ComeBack(asking, retryAfterS)
    if (status !== 200)
      throw new Error(`${asking.method} ${asking.path} is answered ${status}: ${JSON.stringify(body)}`)
    return body
  }
  return { ask, must, close: () => pool.close() }
}

/** Keeps as many connections as there are callers. */
export function openShop(url: string, { concurrency, look }: HttpOptions): Shop {
  const { ask, must, close } = callsTo(url, concurrency)
  const order = (asking: Omit<Asking, 'method' | 'path'>): Promise<unknown> =>
    must({ method: 'POST', path: '/v2/order', ...asking })
  const pay = async (uuid: string, headers: Asking['headers'] = {}): Promise<unknown> => {
    const body = { payment_total: AMOUNT, payment_status: 'Paid', bank_account_number: '1234567890' }
    for (;;) {
      const answer = await ask({ method: 'PUT', path: `/v2/payment/${uuid}`, headers, body })
      if (answer.status === 200) return answer.body
      if (answer.status === AWAY && answer.retryAfterS !== null) await sleep(answer.retryAfterS * 1_000)
      else if (answer.status === TOO_EARLY) await sleep(LOOK_MS)
      else throw new Error(`a payment is answered ${answer.status}`)
    }
  }
  const poll = async (uuid: string): Promise<void> => {
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      const seen = Order.parse(await must({ method: 'GET', path: `/v2/order/get/${uuid}` }))
      if (seen.id_order_status === ORDER_STATUS.Complete) return
      await sleep(LOOK_MS)
    }
    throw new Error(`order ${uuid} is not complete after ${(LOOKS_MAX * LOOK_MS) / 1_000} s`)
  }
  return {
    register: async (n) => {
      const body = {
        first_name: 'Maya',
        last_name: 'Sari',
        email: `bench${n}@example.test`,
        handphone: '+6281247930699',
        address: 'Street 1',
      }
      const headers = { prefer: `wait=${WAIT_SECONDS}` }
      return Uuid.parse(await must({ method: 'POST', path: '/v1/user', headers, body })).uuid
    },
    buy: async ({ user, number }) => {
      const body = {
        order_number: number,
        uuid_user: user,
        id_order_type: ORDER_TYPE.SKU,
        id_payment_model: PAYMENT_MODEL.Any,
        payment_order: String(AMOUNT),
      }
      const taken = await order({ headers: { 'idempotency-key': number }, body }).catch((error: unknown) => {
        if (error instanceof ComeBack) return null
        throw error
      })
      if (taken === null) return 'refused'
      const { uuid } = Uuid.parse(taken)
      if (look === 'poll') {
        await pay(uuid)
        await poll(uuid)
      } else {
        const { status } = Waited.parse(await pay(uuid, { prefer: `wait=${WAIT_SECONDS}` })).saga
        if (status !== 'completed') throw new Error(`order ${uuid} is ${status}`)
      }
      return 'complete'
    },
    close,
  }
}

const TOO_EARLY = 409
const AWAY = 503
