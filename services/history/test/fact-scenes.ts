// Owns: what every store of facts must do for the storage on top of it, as scenes: also what races show only at times.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Fact, Outline } from '../storages/facts.ts'
import type { FactStore } from '../storages/folded.ts'
import { T0 } from './support.ts'

const SUBJECT = 'document/order/1'
const OPEN = {
  family: null,
  state: null,
  from: null,
  until: null,
  saga: null,
  words: [],
  limit: 9,
  offset: 0,
}

function fact(key: string, text = 'one'): Fact {
  return { key, subject: SUBJECT, at: T0, text }
}

function outline(told: number, more: Partial<Outline> = {}): Outline {
  const times = { createdAt: T0, updatedAt: T0 }
  const found = { sagas: [], words: [], summary: '' }
  return {
    subject: SUBJECT,
    kind: 'document',
    told,
    family: 'order',
    state: `after ${told}`,
    ...times,
    ...found,
    ...more,
  }
}

export function factScenes(open: () => Promise<FactStore>): void {
  let store: FactStore
  beforeEach(async () => {
    store = await open()
  })
  afterEach(() => store?.close())
  const states = async () => {
    const { total, outlines } = await store.find({ kind: 'document', ...OPEN })
    return [total, ...outlines.map(({ state }) => state)]
  }

  test('given a fact, when its key comes again, then it stays as it was, and others are added', async () => {
    await store.insert([fact('a')])
    await store.insert([fact('a', 'other'), fact('b')])
    const facts = await store.read([SUBJECT, 'document/order/2'])
    expect(facts.toSorted((left, right) => (left.key < right.key ? -1 : 1))).toEqual([fact('a'), fact('b')])
    expect(await store.read([])).toEqual([])
  })

  test('given an outline, when one comes that knows less or as much, then it stays; more replaces it', async () => {
    await store.put([outline(2)])
    await store.put([outline(1)])
    expect(await states()).toEqual([1, 'after 2'])
    await store.put([outline(2, { state: 'again 2' })])
    expect(await states()).toEqual([1, 'after 2'])
    await store.put([outline(10), outline(1, { subject: 'document/order/2', createdAt: T0 - 1 })])
    expect(await states()).toEqual([2, 'after 10', 'after 1'])
  })

  test('given many writers of one outline at one time, then what knows most stays', async () => {
    for (let round = 0; round < 100; round += 1) {
      const subject = `document/order/r${round}`
      await Promise.all([3, 1, 4, 2].map((told) => store.put([outline(told, { subject })])))
    }
    expect(await states()).toEqual([100, ...Array.from({ length: OPEN.limit }, () => 'after 4')])
  })

  test('given an outline that was forgotten, when one comes that knows less, then it is there', async () => {
    await store.insert([fact('a'), { ...fact('b'), at: T0 + 1 }])
    await store.put([outline(2)])
    await store.forget([SUBJECT], T0 + 1)
    expect([await states(), (await store.read([SUBJECT])).map(({ key }) => key)]).toEqual([[0], ['b']])
    await store.put([outline(1)])
    expect(await states()).toEqual([1, 'after 1'])
  })
}
