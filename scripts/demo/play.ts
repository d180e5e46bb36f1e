// Owns: playing one case against a running system, through HTTP only, and reading what it left.
import type { Pattern } from '@ensemble/core'
import { nameOf, ORDER_STATUS, ORDER_TYPE, PAYMENT_STATUS } from '@ensemble/service-contracts'
import * as z from 'zod'
import type { Act, Case, Ending } from './cases.ts'
import { ask, DemoError, found, must } from './client.ts'

export interface Stage {
  /** Of the gateway. */
  readonly url: string
  readonly pattern: Pattern
  /** Part of e-mail addresses and order numbers, so that cases can share a system. */
  readonly tag: string
  readonly say?: (line: string) => void
}

export interface Played {
  readonly case: Case
  readonly pattern: Pattern
  readonly user: string
  readonly order: string
  readonly ending: Ending
  readonly milliseconds: number
}

/** A user that nobody registered. */
export const UNKNOWN_USER = '00000000-0000-4000-8000-000000000000'

const Queued = z.object({ uuid: z.string() })
const Order = z.object({ id_order_status: z.string() })
const Payment = z.object({
  id_payment_status: z.string(),
  payment_total: z.number(),
  change_total: z.number(),
  refund_total: z.number(),
})
const Entry = z.looseObject({
  type: z.string(),
  step: z.string().optional(),
  direction: z.string().optional(),
  status: z.string().optional(),
})
export const Timeline = z.object({
  standing: z.string(),
  complete: z.boolean(),
  entries: z.array(Entry),
})
export type Timeline = z.infer<typeof Timeline>

export async function play(one: Case, stage: Stage): Promise<Played> {
  const { pattern, say = () => undefined } = stage
  const user = one.isUserKnown ? await register(one, stage) : UNKNOWN_USER
  const begun = performance.now()
  const order = await place(one, user, stage)
  say(`${one.name}, ${pattern}: order ${order} placed`)
  for (const act of one.acts) {
    await timelineOnce(order, stage, ({ standing }) => standing === 'waiting')
    say(`${one.name}, ${pattern}: ${act.do === 'pay' ? `pays ${act.amount}` : 'cancels'}`)
    await perform(act, order, stage)
  }
  const timeline = await timelineOnce(
    order,
    stage,
    ({ standing, complete }) => standing === 'ended' && complete,
  )
  const milliseconds = Math.round(performance.now() - begun)
  const ending = await endingOf(order, timeline, stage)
  say(`${one.name}, ${pattern}: order ${ending.order}, payment ${ending.payment}`)
  return { case: one, pattern, user, order, ending, milliseconds }
}

async function register({ name }: Case, { url, pattern, tag }: Stage): Promise<string> {
  const body = {
    first_name: 'Maya',
    last_name: 'Sari',
    email: `${name}.${tag}@example.test`.toLowerCase().replaceAll(/[^a-z0-9@.]+/g, '-'),
    handphone: '+6281247930699',
    address: 'Street 1',
  }
  const headers = { 'saga-pattern': pattern, prefer: 'wait=20' }
  return Queued.parse(await must(`${url}/v1/user`, { method: 'POST', body, headers })).uuid
}

async function place(one: Case, user: string, { url, pattern, tag }: Stage): Promise<string> {
  const body = {
    order_number: `${one.name}/${tag}`,
    uuid_user: user,
    id_order_type: ORDER_TYPE.SKU,
    id_payment_model: one.paymentModel,
    payment_order: String(one.amountDue),
  }
  const asking = { method: 'POST', body, headers: { 'saga-pattern': pattern } } as const
  return Queued.parse(await must(`${url}/v1/order`, asking)).uuid
}

async function perform(act: Act, order: string, { url }: Stage): Promise<void> {
  switch (act.do) {
    case 'pay': {
      const body = { payment_total: act.amount, payment_status: 'Paid', bank_account_number: '1234567890' }
      await must(`${url}/v1/payment/${order}`, { method: 'PUT', body })
      return
    }
    case 'cancel':
      await must(`${url}/v1/order/${order}`, { method: 'DELETE' })
      return
    default:
      return act satisfies never
  }
}

/** The saga's timeline as soon as it `is` so. */
export async function timelineOnce(
  order: string,
  { url }: Pick<Stage, 'url'>,
  is: (timeline: Timeline) => boolean,
): Promise<Timeline> {
  return await found(`order ${order}: the awaited state`, async () => {
    const { status, body } = await ask(`${url}/v1/saga/order.place/${order}`)
    if (status === 404) return undefined
    if (status !== 200) throw new DemoError(`the timeline of ${order}: ${status} ${JSON.stringify(body)}`)
    const timeline = Timeline.parse(body)
    return is(timeline) ? timeline : undefined
  })
}

async function endingOf(order: string, { entries }: Timeline, { url }: Stage): Promise<Ending> {
  const row = Order.parse(await must(`${url}/v2/order/get/${order}`))
  const paid = await ask(`${url}/v2/payment/get/${order}`)
  const payment = paid.status === 404 ? undefined : Payment.parse(paid.body)
  const stepsOf = (is: (entry: z.infer<typeof Entry>) => boolean): readonly string[] =>
    entries.filter(is).map(({ step = '' }) => step)
  return {
    order: nameOf(ORDER_STATUS, row.id_order_status),
    payment: payment === undefined ? 'none' : nameOf(PAYMENT_STATUS, payment.id_payment_status),
    steps: stepsOf(({ type, status }) => type === 'answered' && status === 'succeeded'),
    undone: stepsOf(({ type }) => type === 'undone'),
    money: {
      in: payment?.payment_total ?? 0,
      change: payment?.change_total ?? 0,
      refund: payment?.refund_total ?? 0,
    },
  }
}
