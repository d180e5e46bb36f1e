// Scenes: what a transaction decides of a saga is told in one message; who observes it is given each decision alone.
import { TOPIC, type HistoryMessage, type Message } from '@ensemble/core'
import { memoryDatabase } from '@ensemble/memory'
import { createHost } from '@ensemble/runtime'
import { expect, it } from 'vitest'
import { system } from './own-system.ts'

const histories = (messages: readonly Message[]): readonly HistoryMessage[] =>
  messages.filter((message) => message.type === 'history')

const numbers = ({ seq, more = [] }: HistoryMessage): readonly number[] => [
  seq,
  ...more.map((one) => one.seq),
]

it.each(['orchestration', 'choreography'] as const)(
  '%s: one message for a whole saga at home',
  async (pattern) => {
    const world = await system()
    const observed: HistoryMessage[] = []
    const observer = await createHost({
      ...world.at,
      service: 'observer',
      database: memoryDatabase({ name: 'observer', clock: world.clock }),
      observer: {
        topics: [TOPIC.history],
        record: async (_, messages) =>
          void observed.push(...histories(messages).filter(({ key }) => key === 'x')),
      },
    })
    expect(await world.run('x', pattern)).toBe('completed')
    expect(world.sent.map(histories).map((told) => told.map(numbers))).toEqual([[[1, 2, 3, 4]]])
    expect(observed.map((told) => [told.id, numbers(told), told.entries.length > 0])).toEqual(
      [1, 2, 3, 4].map((seq) => [`own/x#${seq}`, [seq], true]),
    )
    const stopped = Promise.all([observer.stop(), world.stop()])
    await world.clock.advance(5_000)
    await stopped
  },
)

it('what is long goes by itself: together it could be more than a bus takes', async () => {
  const world = await system()
  const started = world.host.start(world.plan, { id: 'x', input: { key: 'k'.repeat(49_900) } })
  await world.clock.advance(70_000)
  await started
  expect(world.sent.flatMap(histories).map(numbers)).toEqual([[1], [2, 3, 4]])
  await world.stop()
})
