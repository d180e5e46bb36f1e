// Requests keep the order, stay below what a broker takes, and never are empty.
import type { Message } from '@ensemble/core'
import { expect, test } from 'vitest'
import { recordOf } from '../src/cloud-event.ts'
import { requestsOf } from '../src/sender.ts'
import { kafkaTransport } from '../src/transport.ts'

const of = (...lengths: readonly number[]) => lengths.map((length) => ({ value: Buffer.alloc(length) }))
const lengthsOf = (requests: ReturnType<typeof requestsOf>) =>
  requests.map((request) => request.map(({ value }) => value.length))

test('what fits goes together; what is too long alone goes alone', () => {
  expect(lengthsOf(requestsOf(of(4, 6, 1, 9, 20, 1), 10))).toEqual([[4, 6], [1, 9], [20], [1]])
  expect(requestsOf([], 10)).toEqual([])
})

test('bytes count, not characters', async () => {
  const message = {
    type: 'timer',
    id: 'ü',
    topic: 't',
    key: 'k',
    name: 'n',
    at: 0,
    data: 'ü',
    saga: null,
  } as Message
  const length = Buffer.byteLength(recordOf(message, 'structured').value) - 2
  const check = async (valueBytesMax: number): Promise<void> => {
    const transport = kafkaTransport({ brokers: ['127.0.0.1:9'], valueBytesMax })
    try {
      transport.check?.([message])
    } finally {
      await transport.close()
    }
  }
  const refused = { code: 'MESSAGE_TOO_LARGE' }
  await expect(check(length)).rejects.toMatchObject(refused)
  await expect(check(length + 1)).rejects.toMatchObject(refused)
  await expect(check(length + 2)).resolves.toBeUndefined()
})
