// JSON may hold half a character (a lone surrogate) or U+0000; a jsonb column refuses both. One name with half an emoji
// was accepted and queued, and then failed every batch that stored it: the saga of the user was undone as faulted, and
// history gave up its entries, so that it answered "not there yet" for ever.
import { check } from '@ensemble/core'
import { startAlone, type ServiceAlone } from '@ensemble/service/testing/system'
import { UserChanges } from '@ensemble/service-contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { history } from '../main.ts'
import { decision, event, note, ORDER, T0, USER } from './support.ts'

const HALF = 'Ann \ud83d'

let service: ServiceAlone
beforeAll(async () => {
  service = await startAlone(history)
})
afterAll(() => service?.end())

test('a name with half a character is refused', () => {
  const checked = check(UserChanges, { first_name: HALF })
  expect(checked).toEqual({ ok: false, problems: [expect.stringMatching(/^first_name/)] })
  expect(check(UserChanges, { first_name: 'Ann 😀' })).toMatchObject({ ok: true })
})

test('history that holds what a column cannot is kept with a replacement, and so is what comes with it', async () => {
  const text = `${HALF} \u0000 \\ud83d`
  const told = note('retrying', null, T0)
  await service.publish(
    decision(1, { type: 'started', input: { text } }),
    { ...told, note: { ...told.note, detail: text } },
    event('user.deleted', { uuid: USER, text }, { saga: null }),
  )
  const user = async () => (await service.get(`/v1/logger/users/${USER}`)).status
  await expect.poll(user, { timeout: 10_000 }).toBe(200)
  const { body } = await service.get(`/v1/saga/order.place/${ORDER}`)
  const kept = 'Ann \ufffd \ufffd \\ud83d'
  expect(body).toMatchObject({
    entries: [{ seq: 1, input: { text: kept } }],
    notes: [{ type: 'retrying', detail: kept }],
  })
})
