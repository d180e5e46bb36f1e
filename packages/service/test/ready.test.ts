// What a service says of itself when something it needs is away, or when it does not keep up.
import { expect, test } from 'vitest'
import { checksOf } from '../src/ready.ts'

const fine = async (): Promise<void> => undefined
const away = async (): Promise<never> => await Promise.reject(new Error('away'))
const LAG_COUNT_MAX = 5

async function down(given: Partial<Parameters<typeof checksOf>[0]>): Promise<readonly string[]> {
  const checks = checksOf(
    { database: { ping: fine }, pingReads: fine, pingBus: fine, lag: async () => LAG_COUNT_MAX, ...given },
    LAG_COUNT_MAX,
  )
  const asked = checks.map(async ({ name, probe }) =>
    probe(new AbortController().signal).then(
      () => [],
      () => [name],
    ),
  )
  return (await Promise.all(asked)).flat()
}

test.each([
  ['everything is there, and as much is unread as may be', {}, []],
  ['the database is away', { database: { ping: away } }, ['database']],
  ['the read endpoint is away', { pingReads: away }, ['database-reads']],
  ['the bus is away, and does not say how much is unread', { pingBus: away, lag: away }, ['bus']],
  ['one message too many is unread', { lag: async () => LAG_COUNT_MAX + 1 }, ['lag']],
])('%s: down are %j', async (_title, given, expected) => {
  expect(await down(given)).toEqual(expected)
})
