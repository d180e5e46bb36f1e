// Requests keep the order, stay below what a broker takes, and never are empty.
import { expect, test } from 'vitest'
import { requestsOf } from '../src/sender.ts'

const of = (...lengths: readonly number[]) => lengths.map((length) => ({ value: Buffer.alloc(length) }))
const lengthsOf = (requests: ReturnType<typeof requestsOf>) =>
  requests.map((request) => request.map(({ value }) => value.length))

test('what fits goes together; what is too long alone goes alone', () => {
  expect(lengthsOf(requestsOf(of(4, 6, 1, 9, 20, 1), 10))).toEqual([[4, 6], [1, 9], [20], [1]])
  expect(requestsOf([], 10)).toEqual([])
})
