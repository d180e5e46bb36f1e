// What a rule may change and what becomes of it in a batch: claims, related rows, entries, settlements,
// timers, events.
import { describe, expect, it } from 'vitest'
import { command, participant, rejected, succeeded, TOPIC, type Message } from '@ensemble/core'
import { manualClock, memoryDatabase, memoryEntries, memoryRows } from '@ensemble/memory'
import { aggregate, implement, type Database, type Implementation } from '@ensemble/runtime'
import { perform } from '../src/perform/perform.ts'
import { checkedOnce, serviceOf, worksOf, type LocalWork } from '../src/perform/work.ts'
import { PlanBook } from '../src/plans.ts'
import { shaped } from './services.ts'
import { T0 } from './world.ts'

const Input = shaped<{ readonly id: string; readonly mail?: string; readonly other?: string }>((value) =>
  typeof value === 'object' && value !== null && 'id' in value ? null : 'expected an id',
)
const users = participant('users', {
  register: command({ input: Input, rejections: { taken: Input } }),
  rename: command({ input: Input, rejections: { taken: Input } }),
  leave: command({ input: Input }),
  credit: command({ input: Input }),
  broken: command({ input: Input }),
  remind: command({ input: Input }),
})
interface User {
  readonly id: string
  readonly mail: string | null
}
interface Total {
  readonly sum: number
}
const userRows = memoryRows<User>({ name: 'user' })
const totals = memoryRows<Total>({ name: 'total' })
const book = memoryEntries<{ readonly id: string }>({ name: 'book' })
const key = ({ id }: { id: string }): string => id
const user = aggregate<User, { total: Total }, { readonly id: string }>({
  rows: userRows,
  related: { total: totals },
  entries: book,
})
const poor = aggregate<User>({ rows: userRows })

const implementation: Implementation = implement(users, {
  // The claim is named only in what the rule returns.
  register: user.on(users.register, {
    key,
    decide: (_state, { id, mail = '' }, { holder }) =>
      holder(mail) !== null && holder(mail) !== `user/${id}`
        ? { outcome: rejected('taken', { id }) }
        : { outcome: succeeded(), state: { id, mail }, claim: [mail] },
  }),
  rename: user.on(users.rename, {
    key,
    needs: ({ mail = '' }) => ({ claims: [mail] }),
    decide: (state, { id, mail = '' }, { holder }) =>
      holder(mail) !== null
        ? { outcome: rejected('taken', { id }) }
        : {
            outcome: succeeded(),
            state: { id, mail },
            claim: [mail],
            release: state?.mail ? [state.mail] : [],
          },
  }),
  leave: user.on(users.leave, {
    key,
    decide: (state, { id }) => ({
      outcome: succeeded(),
      state: { id, mail: null },
      release: state?.mail ? [state.mail] : [],
    }),
  }),
  credit: user.on(users.credit, {
    key,
    needs: ({ other = '' }) => ({ related: { total: other } }),
    decide: (_state, { id, mail }, { related }) =>
      mail === 'broken'
        ? { outcome: succeeded(), related: { total: { sum: 1 } }, entries: [{ id }] }
        : {
            outcome: succeeded(),
            state: { id, mail: null },
            related: { total: { sum: (related.total?.sum ?? 0) + 1 } },
            entries: [{ id }],
          },
  }),
  broken: poor.on(users.broken, {
    key,
    decide: (_state, { id }) => ({
      outcome: succeeded(),
      state: { id, mail: 'half' },
      entries: [{ id }] as never[],
    }),
  }),
  remind: user.on(users.remind, {
    key,
    decide: (_state, { id }, { now }) => ({
      outcome: succeeded(),
      timers: [
        { name: 'due', at: now + 10, data: { id } },
        { name: 'due', at: now + 20, data: { id } },
      ],
      events: [
        { name: 'users.told', data: { id, time: 1 } },
        { name: 'users.told', data: { id, time: 2 } },
      ],
    }),
  }),
})

async function batch(
  database: Database,
  ...calls: readonly (readonly [keyof typeof users, { id: string; mail?: string; other?: string }])[]
) {
  const service = serviceOf('users', implementation)
  const works = calls.map(([request, input], index): LocalWork => {
    const handler = service.handlers.get(request)
    if (handler === undefined) throw new Error(request)
    const checked = checkedOnce(handler.ref.spec.input, input)
    return {
      do: 'local',
      handler,
      operation: `${request}-${index}-${JSON.stringify(input)}`,
      stored: false,
      saga: null,
      input: checked,
    }
  })
  return await database.transaction(async (tx) => {
    const shop = {
      service: 'users',
      plans: new PlanBook([]),
      retry: { delayMsMin: 1, delayMsMax: 2, attemptsMax: 3 },
      chance: () => 0,
      refOf: () => users.register,
    }
    const options = {
      shop,
      stores: database.stores,
      defers: true,
      horizonCheckedBefore: () => 0,
      refuse: null,
      onDue: () => undefined,
    }
    const { results, messages } = await perform(tx, works, options)
    const said = works.map(({ operation }) => {
      const result = results.get(operation)
      return result?.ok === true
        ? result.outcome.status
        : result?.error instanceof Error && 'code' in result.error
          ? result.error.code
          : 'none'
    })
    return { said, messages }
  })
}

function fresh(): Database {
  return memoryDatabase({ name: 'users', clock: manualClock(T0) })
}

describe('claims', () => {
  it('of one value in one batch: the earlier message`s counts, though no rule named it beforehand', async () => {
    const database = fresh()
    expect(
      (await batch(database, ['register', { id: 'a', mail: 'm' }], ['register', { id: 'b', mail: 'm' }]))
        .said,
    ).toEqual(['succeeded', 'rejected'])
    expect([...(await userRows.all(database)).keys()]).toEqual(['a'])
  })

  it('of a value that was claimed in an earlier batch are seen, too', async () => {
    const database = fresh()
    await batch(database, ['register', { id: 'a', mail: 'm' }])
    expect((await batch(database, ['register', { id: 'b', mail: 'm' }])).said).toEqual(['rejected'])
    expect((await batch(database, ['rename', { id: 'b', mail: 'm' }])).said).toEqual(['rejected'])
  })

  it('change hands inside a batch', async () => {
    const database = fresh()
    await batch(database, ['register', { id: 'a', mail: 'm' }])
    const { said } = await batch(
      database,
      ['rename', { id: 'a', mail: 'n' }],
      ['register', { id: 'b', mail: 'm' }],
      ['rename', { id: 'c', mail: 'n' }],
    )
    expect(said).toEqual(['succeeded', 'succeeded', 'rejected'])
    const claims = await database.transaction((tx) => database.stores.claims.load(tx, ['m', 'n']))
    expect(Object.fromEntries(claims)).toEqual({ m: 'user/b', n: 'user/a' })
  })

  it('that are released are free, though no rule named them beforehand', async () => {
    const database = fresh()
    await batch(database, ['register', { id: 'a', mail: 'm' }])
    await batch(database, ['leave', { id: 'a' }])
    expect((await batch(database, ['register', { id: 'b', mail: 'm' }])).said).toEqual(['succeeded'])
  })
})

describe('a change', () => {
  it('of related rows adds up within a batch', async () => {
    const database = fresh()
    await batch(
      database,
      ['credit', { id: 'a', other: 't' }],
      ['credit', { id: 'b', other: 't' }],
      ['credit', { id: 'a', other: 't' }],
    )
    expect((await totals.all(database)).get('t')).toEqual({ sum: 3 })
    expect(await book.all(database)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'a' }])
  })

  it('that is refused leaves nothing of itself behind', async () => {
    const database = fresh()
    expect((await batch(database, ['broken', { id: 'a' }])).said).toEqual(['HOST_MISCONFIGURED'])
    expect([...(await userRows.all(database)), ...(await book.all(database))]).toEqual([])
  })

  it('may set two timers and publish two events of one name', async () => {
    const clock = manualClock(T0)
    const database = memoryDatabase({ name: 'users', clock })
    const { messages } = await batch(database, ['remind', { id: 'a' }])
    const ids = messages
      .filter((message) => message.type === 'event' && message.name === 'users.told')
      .map(({ id }) => id)
    await clock.advance(2_000)
    const timers = await database.transaction((tx) => database.stores.scheduled.takeDue(tx, 10))
    expect([new Set(ids).size, new Set(timers.map(({ id }) => id)).size]).toEqual([2, 2])
  })
})

describe('a message for somebody else', () => {
  it('is no work: a witness may read every topic', () => {
    const service = serviceOf('history', null)
    const ask = { participant: 'users', request: 'register' }
    const strange = {
      type: 'command',
      id: 'i',
      topic: TOPIC.commands('users'),
      key: 'k',
      ask,
    } as unknown as Message
    expect(worksOf(service, strange)).toEqual([])
  })
})
