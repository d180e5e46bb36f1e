// Owns: bodies that tests send, and registering who sends them.
import { ORDER_TYPE, PAYMENT_MODEL, ROLE } from '@ensemble/service-contracts'
import * as z from 'zod'
import { call } from './support.ts'

export const AMOUNT = 100_000

export function userBody(name: string) {
  return {
    first_name: 'Maya',
    email: `${name}@example.test`,
    handphone: '+6281247930699',
    address: 'Street 1',
  }
}

export function orderBody(user: string, number: string) {
  return {
    order_number: number,
    uuid_user: user,
    id_order_type: ORDER_TYPE.SKU,
    id_payment_model: PAYMENT_MODEL.Any,
    payment_order: String(AMOUNT),
  }
}

export function loginBody(user: string, username: string, password = 'correct horse') {
  return { uuid_user: user, username, password, id_roles: ROLE.customer }
}

const Ended = z.object({ saga: z.object({ status: z.string() }) })

/** The uuid of a new user. */
export async function registered(url: string, name: string): Promise<string> {
  const { status, body } = await call(`${url}/v1/user`, {
    method: 'POST',
    body: userBody(name),
    headers: { prefer: 'wait=10' },
  })
  if (status !== 200 || Ended.safeParse(body).data?.saga.status !== 'completed')
    throw new Error(`${name}: ${JSON.stringify(body)}`)
  return String(body['uuid'])
}
