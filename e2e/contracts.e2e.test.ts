// Every call of the whole system against those that were released last.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokenCalls } from '../scripts/contracts/calls.ts'
import { currentCalls, releasedCalls } from '../scripts/contracts.ts'
import { startTestSystem, type TestSystem } from './support.ts'

let system: TestSystem
beforeAll(async () => {
  system = await startTestSystem({ name: 'contracts' })
})
afterAll(() => system.end())

test('who calls as was released is understood, and is told what he was told', async () => {
  const known = releasedCalls()
  expect(Object.keys(known).length).toBeGreaterThan(40)
  expect(brokenCalls(known, await currentCalls(system.url))).toEqual([])
})
