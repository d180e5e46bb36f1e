// Owns: the reaction table of a plan like the reference system's, in full, and that no turn goes to a topic nobody
// reads.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ask } from '../src/kernel/saga.ts'
import { TOPIC } from '../src/message/message.ts'
import type { Heard, Naming, Reaction, Trigger, Work } from '../src/plan/reactions.ts'
import { reactions, reactionTable, topicsOf } from '../src/plan/reactions.ts'
import { planOf, play, scriptArbitrary } from './kernel-world.ts'
import { placeOrder } from './place-order.ts'
import { deskNamed } from './scenes.ts'

const work = {
  openOrder: {
    step: 'openOrder',
    direction: 'run',
    kind: 'compensatable',
    participant: 'order',
    request: 'order.open',
  },
  verifyUser: {
    step: 'verifyUser',
    direction: 'run',
    kind: 'check',
    participant: 'user',
    request: 'user.verify',
  },
  preparePayment: {
    step: 'preparePayment',
    direction: 'run',
    kind: 'compensatable',
    participant: 'payment',
    request: 'payment.prepare',
  },
  collectPayment: {
    step: 'collectPayment',
    direction: 'run',
    kind: 'pivot',
    participant: 'payment',
    request: 'payment.collect',
  },
  completeOrder: {
    step: 'completeOrder',
    direction: 'run',
    kind: 'retriable',
    participant: 'order',
    request: 'order.complete',
  },
  notify: {
    step: 'notify',
    direction: 'run',
    kind: 'retriable',
    participant: 'notification',
    request: 'notification.notify',
  },
  undoPayment: {
    step: 'preparePayment',
    direction: 'undo',
    kind: 'compensatable',
    participant: 'payment',
    request: 'payment.cancel',
  },
  undoOrder: {
    step: 'openOrder',
    direction: 'undo',
    kind: 'compensatable',
    participant: 'order',
    request: 'order.fail',
  },
} as const satisfies Readonly<Record<string, Work>>

const heard = (heard: Heard, event: string, next: Naming['next']): Naming => ({ heard, event, next })
const on = (...names: readonly string[]): readonly Trigger[] =>
  names.map((message) => ({ topic: TOPIC.events(message.split('.')[0] ?? ''), message }))
const failing = (request: string, statuses: readonly Heard[], next: Naming['next']): readonly Naming[] =>
  statuses.map((status) => heard(status, `${request}-${status}`, next))

const compensated = { end: 'compensated' } as const

const whole: readonly Reaction[] = [
  {
    work: work.openOrder,
    on: [{ topic: 'saga.started', message: 'start' }],
    names: [
      heard('succeeded', 'order.opened', work.verifyUser),
      ...failing('order.open', ['rejected', 'withdrawn', 'faulted'], compensated),
      heard('unknown', 'order.open-unknown', work.undoOrder),
      heard('cancelled', 'order.opened', work.undoOrder),
    ],
  },
  {
    work: work.verifyUser,
    on: on('order.opened'),
    names: [
      heard('succeeded', 'user.verified', work.preparePayment),
      ...failing('user.verify', ['rejected', 'withdrawn', 'faulted', 'unknown'], work.undoOrder),
      heard('cancelled', 'user.verified', work.undoOrder),
    ],
  },
  {
    work: work.preparePayment,
    on: on('user.verified'),
    names: [
      heard('succeeded', 'payment.prepared', work.collectPayment),
      ...failing('payment.prepare', ['rejected', 'withdrawn', 'faulted'], work.undoOrder),
      heard('unknown', 'payment.prepare-unknown', work.undoPayment),
      heard('cancelled', 'payment.prepared', work.undoPayment),
    ],
  },
  {
    work: work.collectPayment,
    on: on('payment.prepared'),
    names: [
      heard('succeeded', 'payment.collected', work.completeOrder),
      ...failing('payment.collect', ['rejected', 'withdrawn', 'faulted'], work.undoPayment),
    ],
  },
  {
    work: work.completeOrder,
    on: on('payment.collected'),
    names: [heard('succeeded', 'order.completed', work.notify)],
  },
  {
    work: work.notify,
    on: on('order.completed'),
    names: [heard('succeeded', 'notification.sent', { end: 'completed' })],
  },
  {
    work: work.undoPayment,
    on: on(
      'payment.prepare-unknown',
      'payment.prepared',
      'payment.collect-rejected',
      'payment.collect-withdrawn',
      'payment.collect-faulted',
    ),
    names: [heard('succeeded', 'payment.cancelled', work.undoOrder)],
  },
  {
    work: work.undoOrder,
    on: on(
      'order.open-unknown',
      'order.opened',
      'user.verify-rejected',
      'user.verify-withdrawn',
      'user.verify-faulted',
      'user.verify-unknown',
      'user.verified',
      'payment.prepare-rejected',
      'payment.prepare-withdrawn',
      'payment.prepare-faulted',
      'payment.cancelled',
    ),
    names: [heard('succeeded', 'order.failed', compensated)],
  },
]

test('order.place, whole', () => {
  expect(reactions(placeOrder)).toStrictEqual(whole)
})

describe('topicsOf', () => {
  test.for([
    ['order', ['saga.started', 'payment.events', 'order.events', 'user.events']],
    ['user', ['order.events']],
    ['payment', ['user.events', 'payment.events']],
    ['notification', ['order.events']],
    ['nobody', []],
  ] as const)('%s reads %j', ([participant, topics]) => {
    expect(topicsOf(placeOrder, participant)).toStrictEqual(topics)
  })

  test('for any plan over three participants, whoever is named reads the topic on which it is named', () => {
    const desks = [deskNamed('red'), deskNamed('green'), deskNamed('blue')] as const
    const owners = fc.array(fc.constantFrom(...desks), { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(scriptArbitrary, owners, (script, owned) => {
        const plan = planOf(script.kinds, (index) => owned[index] ?? desks[0])
        const { first, turns } = play(script, plan)
        let holder: Ask | null = null
        for (const decision of [first, ...turns.map((turn) => turn.decision)]) {
          if (decision.type !== 'decided' || !('ask' in decision.next)) continue
          const { ask } = decision.next
          if (holder?.operation === ask.operation) continue
          const topic: string = holder === null ? TOPIC.started : TOPIC.events(holder.participant)
          expect(topicsOf(plan, ask.participant)).toContain(topic)
          holder = ask
        }
      }),
      { numRuns: 100 },
    )
  })
})

test('reactionTable: one line per direction of a step', () => {
  const lines = reactionTable(placeOrder).split('\n')
  expect(lines.slice(0, 4)).toStrictEqual([
    '| participant | when it is named by | does | then names |',
    '|---|---|---|---|',
    '| order | `start` on `saga.started` | openOrder: `order.open` | succeeded: user: verifyUser<br>' +
      'rejected, withdrawn, faulted: end: compensated<br>unknown, cancelled: order: undo openOrder |',
    '| user | `order.opened` on `order.events` | verifyUser: `user.verify` | succeeded: payment: preparePayment<br>' +
      'rejected, withdrawn, faulted, unknown, cancelled: order: undo openOrder |',
  ])
  expect(lines.at(-2)).toBe(
    '| payment | `payment.prepare-unknown` on `payment.events`<br>`payment.prepared` on `payment.events`<br>' +
      '`payment.collect-rejected` on `payment.events`<br>`payment.collect-withdrawn` on `payment.events`<br>' +
      '`payment.collect-faulted` on `payment.events` | undo preparePayment: `payment.cancel` | ' +
      'succeeded: order: undo openOrder |',
  )
  expect(lines).toHaveLength(2 + 8)
})
