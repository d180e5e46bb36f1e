// Owns: what every history storage must do, as scenes. Run by a test of each storage, with a world of its own.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isRecord, type EndedMessage, type HistoryMessage, type Message, type SagaRef } from '@ensemble/core'
import { deleteMessage, saveMessage } from '../client.ts'
import type { StoredDocument } from '../documents.ts'
import { redacting } from '../redaction.ts'
import { standOf } from '../standing.ts'
import type { DocumentFilter, EntryDraft, HistoryStorage, Page } from '../storage.ts'
import { timelineOf } from '../timeline.ts'
import { wordsIn } from '../words.ts'
import { asked, decision, event, note, ORDER, placing, T0, USER } from './support.ts'

/** A storage with nothing in it, and what a test does to it. */
export interface StorageWorld {
  readonly storage: HistoryStorage
  /** As the consumer does, in a batch of its own. */
  record(storage: HistoryStorage, messages: readonly Message[]): Promise<void>
  /** Everything that is kept, as one text. */
  everything(): Promise<string>
  end(): Promise<void>
}

const MINUTE = 60_000
const OPEN: DocumentFilter & Page = {
  action: null,
  status: null,
  from: null,
  until: null,
  saga: null,
  words: [],
  limit: 100,
  offset: 0,
}

function uuidOf(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
}

function about<Told extends HistoryMessage | EndedMessage>(saga: SagaRef, message: Told): Told {
  return { ...message, id: `${saga.plan}/${saga.id} ${message.id}`, key: saga.id, saga }
}

function sagaOf(id: string, plan = 'order.place'): SagaRef {
  return { plan, id, pattern: 'orchestration' }
}

function ended(saga: SagaRef, at: number): EndedMessage {
  const end = { status: 'completed', data: null } as const
  const base = { id: `${saga.plan}/${saga.id}#ended`, topic: 'saga.ended', key: saga.id, at, saga, end }
  return { type: 'ended', name: `${saga.plan}.completed`, ...base }
}

function draft(id: string, more: Partial<EntryDraft> = {}): EntryDraft {
  const said = { rank: 10, status: 'success', data: { code: '200', messages: id } } as const
  return { action: 'order', uuid: ORDER, eventId: id, saga: null, ...said, ...more }
}

const started = decision(1, { type: 'started', input: { a: 1 } }, asked('openOrder', 'order'))
const opened = decision(
  2,
  { type: 'answered', step: 'openOrder', status: 'succeeded', data: 7 },
  asked('collect', 'payment'),
)
const accepted = decision(3, { type: 'accepted', step: 'collect', until: T0 })
const retried = note('retrying', `order.place/${ORDER}/openOrder/run`, T0 + 1_500)
const order = { uuid: ORDER, order_number: '7/ord' }

export function storageConformance(open: () => Promise<StorageWorld>): void {
  let world: StorageWorld
  let storage: HistoryStorage
  const record = (...messages: readonly Message[]): Promise<void> => world.record(storage, messages)
  beforeEach(async () => {
    world = await open()
    storage = world.storage
  })
  afterEach(() => world?.end())
  const given = { storage: () => storage, world: () => world, record }
  describe('a saga', () => {
    sagaScenes(given)
  })
  describe('a document', () => {
    documentScenes(given)
  })
  describe('lists', () => {
    listScenes(given)
  })
  describe('forgetting', () => {
    forgettingScenes(given)
  })
  describe('what is never kept', () => {
    redactionScenes(given)
  })
}

interface Given {
  readonly storage: () => HistoryStorage
  readonly world: () => StorageWorld
  readonly record: (...messages: readonly Message[]) => Promise<void>
}

async function timeline(storage: HistoryStorage, saga: SagaRef) {
  const stored = await storage.saga(saga)
  return stored === undefined ? undefined : timelineOf(stored)
}

function sagaScenes({ storage, record }: Given): void {
  test('given nothing, when asked for one, then there is none', async () => {
    expect(await storage().saga(placing)).toBeUndefined()
  })

  test('given its messages in any order, in parts and twice, then it is told once and in order', async () => {
    await record(accepted, retried)
    expect((await timeline(storage(), placing))?.complete).toBe(false)
    await record(opened, started)
    const whole = await timeline(storage(), placing)
    expect(whole).toMatchObject({
      complete: true,
      standing: 'waiting',
      waits_for: { participant: 'payment' },
    })
    expect(whole?.entries.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      '1 started',
      '1 asked',
      '2 answered',
      '2 asked',
      '3 accepted',
    ])
    expect(whole?.notes).toEqual([
      {
        at: '2026-11-23T10:00:01.500Z',
        source: 'order',
        type: 'retrying',
        operation: `order.place/${ORDER}/openOrder/run`,
        attempt: 1,
        detail: 'why',
      },
    ])
    await record(started, opened, accepted, retried)
    await record(retried)
    expect(await timeline(storage(), placing)).toEqual(whole)
  })

  test('given a decision, when its number comes again with other words, then the first stays', async () => {
    await record(started)
    await record(decision(1, { type: 'started', input: { a: 2 } }))
    const [first] = (await timeline(storage(), placing))?.entries ?? []
    expect(first).toMatchObject({ seq: 1, input: { a: 1 } })
    expect((await storage().saga(placing))?.summary).toMatchObject({ seqMax: 1, decisionCount: 1 })
  })

  test('given many writers at one time, then nothing is lost and nothing is counted twice', async () => {
    const told = Array.from({ length: 12 }, (_, index) => decision(index + 1, asked(`step${index}`, 'order')))
    await Promise.all([...told, ...told].map((one) => record(one)))
    const stored = await storage().saga(placing)
    expect(stored?.decisions.map(({ seq }) => seq).sort((left, right) => left - right)).toEqual(
      told.map(({ seq }) => seq),
    )
    const { results } = await storage().sagas({ plan: null, standing: null, limit: 5, offset: 0 })
    expect(results).toMatchObject([{ seqMax: 12, decisionCount: 12 }])
  })

  test('given a batch of two hundred sagas, when recorded, then each is there', async () => {
    const sagas = Array.from({ length: 200 }, (_, index) => sagaOf(`s${index}`))
    await record(...sagas.map((saga) => about(saga, started)))
    const page = await storage().sagas({ plan: 'order.place', standing: 'running', limit: 1, offset: 199 })
    expect([page.total, page.results.length]).toEqual([200, 1])
    expect((await storage().saga({ plan: 'order.place', id: 's150' }))?.summary.decisionCount).toBe(1)
  })
}

function documentScenes({ storage, record }: Given): void {
  const of = { action: 'order', uuid: ORDER } as const
  const texts = (document: StoredDocument | undefined) =>
    document?.entries
      .toSorted((left, right) => left.at - right.at || left.rank - right.rank)
      .map(({ data }) => data.messages ?? data.error)

  test('given nothing, when asked for one, then there is none', async () => {
    expect(await storage().document(of)).toBeUndefined()
  })

  test('given events in any order and twice, when read, then it is told once and in order', async () => {
    await record(event('order.completed', order, { at: T0 + 9 }), event('order.opened', order))
    await record(event('order.opened', order), event('order.failed', order, { at: T0 + 4 }))
    const document = await storage().document(of)
    expect(document).toMatchObject({ createdAt: T0, updatedAt: T0 + 9, entryCount: 3 })
    expect(texts(document)).toMatchObject(['Insert Order Success', { code: 'failed' }, 'Order Complete'])
    expect(document?.entries[0]).toMatchObject({ saga: `order.place/${ORDER}` })
  })

  test('given an entry, when it is saved again, then the first stays; another one is added', async () => {
    const first = await storage().save(draft('one'))
    expect(first).toMatchObject({ entryCount: 1 })
    expect(await storage().save(draft('one', { data: { code: '400' }, status: 'failed' }))).toEqual(first)
    expect(texts(await storage().save(draft('two')))).toEqual(['one', 'two'])
  })

  test('given many callers at one time, when they save, then every entry is there', async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `entry ${index}`)
    await Promise.all(ids.map((id) => storage().save(draft(id))))
    expect(texts(await storage().document(of))?.toSorted()).toEqual(ids)
    expect((await storage().documents(OPEN)).total).toBe(1)
  })

  test('given names, depths and texts that are odd, when saved, then they come back as they were', async () => {
    let deep: unknown = 'bottom'
    for (let depth = 0; depth < 150; depth += 1) deep = { deep }
    const result = {
      $set: 1,
      'a.b': [null, true, 0.5, -1e300],
      '': '😀',
      deep,
      __proto__: null,
      list: [[]],
      long: 'x'.repeat(400_000),
    }
    await storage().save(draft('odd', { data: { code: '200', result } }))
    expect((await storage().document(of))?.entries[0]?.data).toEqual({ code: '200', result })
  })

  test('given half a character, when recorded with others, then the others are there', async () => {
    await record(
      event('order.opened', { ...order, text: 'Ann \ud83d \u0000' }),
      event('user.deleted', { uuid: USER }),
    )
    expect((await storage().document({ action: 'users', uuid: USER }))?.entryCount).toBe(1)
    expect((await storage().document(of))?.entryCount).toBe(1)
  })
}

const IN_A = sagaOf('a')
const IN_B = sagaOf('b')

function said(
  name: string,
  index: number,
  more: { text?: string; saga: SagaRef | null; at?: number },
): Message {
  const { text, saga, at = T0 + index * MINUTE } = more
  return event(name, { uuid: uuidOf(index), text }, { id: `${name} ${index}`, at, saga })
}

/** One document a minute, as services tell of them. */
const TOLD: readonly Message[] = [
  said('order.opened', 1, { text: 'Maya Sari, Bandung', saga: IN_A }),
  said('order.opened', 2, { text: 'maya@example.test', saga: IN_B }),
  said('order.failed', 2, { saga: IN_B, at: T0 + 2 * MINUTE + 1 }),
  said('payment.prepared', 3, { text: 'A.B-C 545204885836038145', saga: IN_A }),
  said('user.registered', 4, { text: 'Übergröße', saga: null }),
]

/** What each filter leaves: how many in all, and those of the page. */
const LEFT: readonly [Partial<DocumentFilter & Page>, readonly number[]][] = [
  [{}, [4, 4, 3, 2, 1]],
  [{ limit: 2 }, [4, 4, 3]],
  [{ limit: 2, offset: 2 }, [4, 2, 1]],
  [{ limit: 2, offset: 4 }, [4]],
  [{ action: 'order' }, [2, 2, 1]],
  [{ status: 'failed' }, [1, 2]],
  [{ status: 'success', action: 'order' }, [1, 1]],
  [{ from: T0 + 2 * MINUTE }, [3, 4, 3, 2]],
  [{ until: T0 + 2 * MINUTE }, [1, 1]],
  [{ from: T0 + 2 * MINUTE, until: T0 + 4 * MINUTE }, [2, 3, 2]],
  [{ saga: 'order.place/a' }, [2, 3, 1]],
  [{ saga: 'order.place/a', action: 'payment' }, [1, 3]],
  [{ saga: 'order.place/none' }, [0]],
  [{ words: wordsIn('MAYA') }, [2, 2, 1]],
  [{ words: wordsIn('bandung maya') }, [1, 1]],
  [{ words: wordsIn('maya@example.test') }, [1, 2]],
  [{ words: wordsIn('545204885836038145') }, [1, 3]],
  [{ words: wordsIn('übergröße') }, [1, 4]],
  [{ words: wordsIn('may') }, [0]],
  [{ words: wordsIn('maya'), status: 'success', limit: 1 }, [1, 1]],
]

function listScenes({ storage, world, record }: Given): void {
  const listed = async (filter: Partial<DocumentFilter & Page>) => {
    const { total, results } = await storage().documents({ ...OPEN, ...filter })
    return [total, ...results.map(({ uuid }) => Number(uuid.slice(-2)))]
  }

  test('given documents, when listed, then each filter leaves what it names, newest first', async () => {
    await record(...TOLD)
    for (const [filter, expected] of LEFT) expect([filter, await listed(filter)]).toEqual([filter, expected])
  })

  test('given words of two entries, when asked for both, then their document is found', async () => {
    await storage().save(draft('alpha'))
    await storage().save(draft('beta'))
    expect((await storage().documents({ ...OPEN, words: ['alpha', 'beta'] })).total).toBe(1)
    expect((await storage().documents({ ...OPEN, words: ['alpha', 'gamma'] })).total).toBe(0)
  })

  test('given an earlier event that comes later, when listed, then the document began with it', async () => {
    await record(event('order.completed', order, { at: T0 + 9 * MINUTE }))
    await record(event('order.opened', order, { at: T0 }))
    expect((await storage().documents({ ...OPEN, until: T0 + 1 })).total).toBe(1)
    expect((await storage().documents({ ...OPEN, from: T0 + 1 })).total).toBe(0)
  })

  test('given sagas, when listed, then plan and standing leave what they name, newest first', async () => {
    for (const [index, plan] of ['order.place', 'order.place', 'user.register'].entries()) {
      const saga = sagaOf(`s${index}`, plan)
      const at = T0 + index * MINUTE
      await record({ ...about(saga, started), at }, ...(index === 0 ? [ended(saga, at + 5)] : []))
    }
    const sagas = async (filter: Partial<Parameters<HistoryStorage['sagas']>[0]>) => {
      const page = { plan: null, standing: null, limit: 10, offset: 0, ...filter }
      const { total, results } = await storage().sagas(page)
      return [total, ...results.map((one) => `${one.saga.id} ${standOf(one).standing}`)]
    }
    expect(await sagas({})).toEqual([3, 's2 running', 's1 running', 's0 ended'])
    expect(await sagas({ plan: 'order.place', limit: 1, offset: 1 })).toEqual([2, 's0 ended'])
    expect(await sagas({ standing: 'running' })).toEqual([2, 's2 running', 's1 running'])
    expect(await sagas({ standing: 'parked' })).toEqual([0])
    await expect(world().storage.ping()).resolves.not.toBeNull()
  })
}

function forgettingScenes({ storage, record }: Given): void {
  test('given a document, when removed over the bus, then it is gone until it is told of again', async () => {
    const of = { action: 'order', uuid: ORDER } as const
    const save = (id: string, at: number): Message =>
      saveMessage({ id, at, ...of }, { status: 'success', data: { code: '200', messages: id } })
    const remove = deleteMessage({ id: 'away', at: T0 + 2, ...of })
    await record(event('order.opened', order), save('one', T0 + 1))
    expect(await storage().document(of)).toMatchObject({ entryCount: 2 })
    await record(remove)
    expect(await storage().document(of)).toBeUndefined()
    expect((await storage().documents(OPEN)).total).toBe(0)
    await record(save('two', T0 + 3), remove, save('three', T0 + 4))
    const left = await storage().document(of)
    expect(left?.entries.map(({ data }) => data.messages)).toEqual(['three'])
    expect((await storage().documents(OPEN)).total).toBe(1)
  })

  test('given an event that says something else, when recorded, then it adds and removes nothing', async () => {
    await record(event('order.opened', order))
    await record(
      event('logger.save', { uuid: ORDER, action: 'nemo' }, { id: 'a', saga: null }),
      event('logger.delete', { uuid: 'nobody' }, { id: 'b', saga: null }),
    )
    expect((await storage().documents(OPEN)).total).toBe(1)
  })

  test('given old and new, when pruned, then what was told of since, and what has not ended, stays', async () => {
    const sagas = ['old', 'long', 'new', 'open'].map((id) => sagaOf(id))
    const [old, long, fresh, open] = sagas as [SagaRef, SagaRef, SagaRef, SagaRef]
    const before = T0 + 60 * MINUTE
    await record(
      ...[old, long, open].map((saga) => about(saga, started)),
      about(fresh, { ...started, at: before }),
      ended(old, T0 + 5),
      ended(long, before + 1),
      ended(fresh, before + 1),
      event('order.opened', { uuid: uuidOf(1) }, { id: 'gone' }),
      event('order.opened', { uuid: uuidOf(2) }, { id: 'begun' }),
      event('order.completed', { uuid: uuidOf(2) }, { id: 'done', at: before }),
    )
    for (let call = 0; call < 10; call += 1) await storage().prune({ before, countMax: 1 })
    const kept = await Promise.all(sagas.map(async (saga) => (await storage().saga(saga)) !== undefined))
    expect(kept).toEqual([false, true, true, true])
    expect((await storage().sagas({ plan: null, standing: null, limit: 9, offset: 0 })).total).toBe(3)
    const { results } = await storage().documents(OPEN)
    expect(results.map(({ uuid }) => uuid)).toEqual([uuidOf(2)])
    expect(await storage().document({ action: 'order', uuid: uuidOf(1) })).toBeUndefined()
    expect(await storage().prune({ before, countMax: 1 })).toBe(0)
  })
}

const CANARY = 'canary-5f0c2a34'

function redactionScenes({ storage, world }: Given): void {
  test('given fields to keep out, when recorded and saved, then no trace of them is stored', async () => {
    const shielded = redacting(storage(), ['Handphone', 'address'])
    const secret = { handphone: CANARY, home: [{ ADDRESS: { street: CANARY } }], city: 'Bandung' }
    const because = { step: 'a', status: 'rejected', reason: 'b', data: secret } as const
    await world().record(shielded, [
      decision(1, { type: 'started', input: secret }),
      decision(2, { type: 'answered', step: 'a', status: 'rejected', data: secret }),
      decision(3, { type: 'going-back', because }, { type: 'ended', status: 'compensated', data: secret }),
      event('order.opened', { uuid: ORDER, ...secret }),
      event('order.open-rejected', { rejection: 'x', data: secret }, { id: 'rejected' }),
      event('order.failed', { uuid: ORDER, ...secret }, { id: 'failed' }),
    ])
    await shielded.save(draft('saved', { data: { code: '400', error: secret, result: [secret] } }))
    const stored = await storage().document({ action: 'order', uuid: ORDER })
    const data = stored?.entries.map((entry) => entry.data.result).find(isRecord)
    expect(data).toEqual({
      uuid: ORDER,
      handphone: '[redacted]',
      home: [{ ADDRESS: '[redacted]' }],
      city: 'Bandung',
    })
    const everything = await world().everything()
    expect(everything).toContain('Bandung')
    expect(everything).not.toContain(CANARY)
  })
}
