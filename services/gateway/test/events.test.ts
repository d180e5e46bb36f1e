// A saga's events: what a reader gets, once and in order, until the saga has ended.
import { describe, expect, test } from 'vitest'
import { changesOf, NOTHING_SEEN, seenOf, type Timeline } from '../event-stream.ts'
import { answer, ORDER_ID, sceneOf, type Given } from './support.ts'

const PLACED = `order.place/${ORDER_ID}`
const URL_OF_EVENTS = `/v1/saga/order.place/${ORDER_ID}/events`
const AT = '2024-03-01T09:30:00.000Z'

const started = { seq: 1, at: AT, type: 'started' }
const asked = { seq: 1, at: AT, type: 'asked', step: 'openOrder' }
const answered = { seq: 2, at: AT, type: 'answered', step: 'openOrder' }
const ended = { seq: 3, at: AT, type: 'ended', status: 'completed' }

const running = (...entries: Timeline['entries']): Timeline => ({
  status: 'running',
  standing: 'running',
  waits_for: null,
  complete: true,
  entries,
})
const over = (...entries: Timeline['entries']): Timeline => ({
  ...running(...entries),
  status: 'completed',
  standing: 'ended',
})

const entry = (id: string, data: object) => `id: ${id}\nevent: entry\ndata: ${JSON.stringify(data)}\n\n`
const standing = (status: string, word: string) =>
  `event: standing\ndata: {"status":"${status}","standing":"${word}","waits_for":null}\n\n`
const RETRY = 'retry: 1000\n\n'
const END = 'id: end\nevent: end\ndata: {"status":"completed"}\n\n'

/** History says one thing after the other, and the last one for ever. */
function saying(...timelines: readonly (Timeline | number)[]): Given {
  let looks = 0
  return {
    peer: () => {
      const found = timelines[Math.min(looks, timelines.length - 1)] ?? 404
      looks += 1
      return typeof found === 'number' ? answer(found, { code: 'told', detail: 'Told.' }) : answer(200, found)
    },
  }
}

async function read(given: Given, headers: Record<string, string> = {}) {
  const { server, asked: calls } = await sceneOf(given)
  const { statusCode, headers: head, body } = await server.inject({ url: URL_OF_EVENTS, headers })
  return { statusCode, head, body, calls }
}

describe('a stream', () => {
  test('tells entries once and in order, where the saga stands, and ends with it', async () => {
    const { statusCode, head, body } = await read(
      saying(
        running(started, asked),
        running(started, asked),
        running(started, asked, answered),
        over(started, asked, answered, ended),
      ),
    )
    expect(statusCode).toBe(200)
    expect(head).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    expect(body).toBe(
      [
        RETRY,
        entry('1.1', started),
        entry('1.2', asked),
        standing('running', 'running'),
        entry('2.1', answered),
        entry('3.1', ended),
        standing('completed', 'ended'),
        END,
      ].join(''),
    )
  })

  test('goes on after the event that the reader saw last', async () => {
    const { body } = await read(saying(over(started, asked, answered, ended)), { 'last-event-id': '1.1' })
    expect(body).toBe(
      [
        RETRY,
        entry('1.2', asked),
        entry('2.1', answered),
        entry('3.1', ended),
        standing('completed', 'ended'),
        END,
      ].join(''),
    )
  })

  test('has nothing for who saw the end, and refuses an id that it never gave', async () => {
    expect(await read({}, { 'last-event-id': 'end' })).toMatchObject({ statusCode: 204, body: '', calls: [] })
    const { statusCode, body } = await read({}, { 'last-event-id': '7' })
    expect([statusCode, JSON.parse(body)]).toMatchObject([
      400,
      { code: 'invalid-header', header: 'Last-Event-ID' },
    ])
  })

  test('says that it is alive while nothing happens, and ends after ten minutes', async () => {
    const { body, calls } = await read(saying(running(started)))
    expect(body.match(/: alive\n\n/g)).toHaveLength(39)
    expect(body.endsWith(': alive\n\n')).toBe(true)
    expect(calls).toHaveLength(1_201)
  })

  test('outlives a history that is away', async () => {
    const { body } = await read(saying(running(started), 503, 500, over(started, asked, answered, ended)))
    expect(body.endsWith(END)).toBe(true)
  })

  test('ends when the token is no longer good', async () => {
    const { body, calls } = await read(saying(running(started), 401, over(started)))
    expect(body).toBe([RETRY, entry('1.1', started), standing('running', 'running')].join(''))
    expect(calls).toHaveLength(2)
  })

  test('waits for what history misses, but not for ever once the saga has ended', async () => {
    const { body, calls } = await read(saying({ ...over(started, ended), complete: false }))
    expect(body).toBe(
      [RETRY, entry('1.1', started), standing('completed', 'ended'), entry('3.1', ended), END].join(''),
    )
    expect(calls).toHaveLength(21)
  })

  test('of a saga that history does not know yet waits for it', async () => {
    const late = saying(404, over(started, asked, answered, ended))
    const { body } = await read({ ...late, sagas: { [PLACED]: 'running' } })
    expect(body).toContain(entry('1.1', started))
    const never = await read({ ...saying(404), sagas: { [PLACED]: 'completed' } })
    expect(never.body).toBe([RETRY, standing('completed', 'ended'), END].join(''))
  })

  test.each([
    [404, 404, 'unknown-saga'],
    [403, 403, 'told'],
    [503, 503, 'told'],
  ])('when history answers %i at first: %i', async (told, statusCode, code) => {
    const { statusCode: given, body } = await read(saying(told))
    expect([given, JSON.parse(body)]).toMatchObject([statusCode, { code }])
  })
})

describe('changes', () => {
  test('after a gap wait until history has what is missing', () => {
    const gap = { ...running(started, ended), complete: false }
    const first = changesOf(gap, NOTHING_SEEN)
    expect(first.text).toBe(entry('1.1', started) + standing('running', 'running'))
    expect(changesOf(gap, first.seen).text).toBe('')
    expect(changesOf(running(started, answered, ended), first.seen).text).toBe(
      entry('2.1', answered) + entry('3.1', ended),
    )
  })

  test('of more entries of a number that was told before are told', () => {
    const seen = seenOf('1.1')
    expect(seen === null ? null : changesOf(running(started, asked), seen).text).toContain(
      entry('1.2', asked),
    )
  })
})
