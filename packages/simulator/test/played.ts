// Owns: a small system that tests of the simulator spoil: tokens are given out, and taken back when a saga goes back.
import {
  command,
  participant,
  rejected,
  saga,
  succeeded,
  type Pattern,
  type Plan,
  type Schema,
} from '@ensemble/core'
import { memoryRows } from '@ensemble/memory'
import { aggregate, implement } from '@ensemble/runtime'
import { simulation, type Subject } from '@ensemble/simulator'

interface Token {
  readonly token: string
}

const OneToken: Schema<Token> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Token }) },
}

const box = participant('box', {
  give: command({ input: OneToken, event: 'given' }),
  take: command({ input: OneToken, event: 'taken' }),
  stamp: command({ input: OneToken, rejections: { torn: OneToken }, event: 'stamped' }),
})
const plan: Plan<Token> = saga('token', { version: 1, input: OneToken })
  .compensatable('give', { run: box.give(({ input }) => input), undo: box.take(({ input }) => input) })
  .pivot('stamp', { run: box.stamp(({ input }) => input) })
  .end({})

interface Kept extends Token {
  readonly isOut: boolean
}

const rows = memoryRows<Kept>({ name: 'token', key: ({ token }) => token })
const kept = aggregate({ rows })
const key = ({ token }: Token): string => token

export interface Spoiling {
  /** Whether an undo is forgotten. */
  readonly forgets?: (token: string) => boolean
  /** Whether a stamp is refused. */
  readonly tears?: (pattern: Pattern | null, token: string) => boolean
}

/** Every third token is torn unless something else is said. */
export function tokens({
  forgets = () => false,
  tears = (_pattern, token) => Number(token) % 3 === 0,
}: Spoiling): Subject {
  const service = implement(box, {
    give: kept.on(box.give, {
      key,
      decide: (_state, { token }) => ({ outcome: succeeded(), state: { token, isOut: true } }),
    }),
    take: kept.on(box.take, {
      key,
      decide: (_state, { token }) => ({ outcome: succeeded(), state: { token, isOut: forgets(token) } }),
    }),
    stamp: kept.on(box.stamp, {
      key,
      decide: (_state, { token }, { saga: of }) =>
        tears(of?.pattern ?? null, token)
          ? { outcome: rejected('torn', { token }) }
          : { outcome: succeeded() },
    }),
  })
  return simulation({
    name: 'tokens',
    services: [service],
    sagas: [{ plan, input: ({ id }) => ({ token: id }), cancels: 0 }],
    check: ({ sagas, states }) =>
      sagas.flatMap(({ input, status }) => {
        const isOut = states(rows).some(({ token, isOut: is }) => token === input.token && is)
        return isOut === (status === 'completed') ? [] : [`token ${input.token} is out, its saga ${status}`]
      }),
  })
}
