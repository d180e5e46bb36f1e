// Topics that are there already and do not fit are refused with everything that is wrong and how to put it right.
import { expect, test } from 'vitest'
import { problemsOf } from '../src/topics.ts'

const WANTED = { partitions: 4, replicas: 3, retentionMs: 604_800_000, valueBytesMax: 1_000_000 }
const configs = (entries: Record<string, string>) => new Map(Object.entries(entries))

test('a topic as we make it fits, and one of which the broker says nothing', () => {
  const ours = configs({
    'retention.ms': '604800000',
    'cleanup.policy': 'delete',
    'max.message.bytes': '1048588',
  })
  expect(problemsOf({ topic: 't', partitionCount: 4, configs: ours }, WANTED)).toEqual([])
  expect(problemsOf({ topic: 't', partitionCount: 9, configs: configs({}) }, WANTED)).toEqual([])
})

test('everything that is wrong is named at once', () => {
  const theirs = configs({
    'retention.ms': '-1',
    'cleanup.policy': 'compact',
    'max.message.bytes': '500000',
  })
  expect(problemsOf({ topic: 't', partitionCount: 1, configs: theirs }, WANTED)).toEqual([
    't has 1 partitions, 4 are wanted: add partitions to it, or set KAFKA_PARTITIONS=1',
    't keeps messages for -1 ms: set its retention.ms to 2592000000 at most',
    "t is cleaned by 'compact', which loses messages: set its cleanup.policy to delete",
    't takes 500000 bytes: raise its max.message.bytes, or set KAFKA_VALUE_BYTES_MAX below that',
  ])
})
