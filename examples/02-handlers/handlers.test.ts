import { deferred, succeeded as outcome } from '@ensemble/core'
import {
  accepted,
  cancel,
  compensates,
  specify,
  specifyRule,
  started,
  succeeded,
  undoes,
  undone,
  withdrawn,
  withdraws,
} from '@ensemble/testing'
import { describe, expect, it, test } from 'vitest'
import { collect, pay, sendParcel, startSystem, till, type CarrierApi } from './handlers.ts'

const input = { parcel: 'p1', price: 20 }
const saga = { plan: 'parcel.send', id: 'p1' }

/** A carrier that remembers what it was asked, and tells when it was asked first. */
function playedCarrier(): { api: CarrierApi; asked: string[]; booked: Promise<void> } {
  const asked: string[] = []
  const first = Promise.withResolvers<void>()
  const api: CarrierApi = {
    book: async (key, parcel) => {
      asked.push(`book ${parcel} ${key}`)
      first.resolve()
      return { tracking: `T-${parcel}` }
    },
    unbook: async (key, booking) => {
      asked.push(`unbook ${booking ?? ''} ${key}`)
    },
  }
  return { api, asked, booked: first.promise }
}

describe.each(['orchestration', 'choreography'] as const)('a parcel, %s', (pattern) => {
  it('is sent when its customer pays', async () => {
    const { api, asked } = playedCarrier()
    const { desk, tillHost, stop } = await startSystem(pattern, api)
    await desk.start(sendParcel, { id: 'p1', input })
    await tillHost.execute(till.pay, input)
    const { status, data } = await desk.ended(saga, { within: '10s' })
    expect({ status, data, asked }).toEqual({
      status: 'completed',
      data: { tracking: 'T-p1', paid: 20 },
      asked: ['book p1 parcel.send/p1/bookCarrier/run'],
    })
    await stop()
  })

  it('gives the booking back when its customer cancels instead', async () => {
    const { api, asked, booked } = playedCarrier()
    const { desk, stop } = await startSystem(pattern, api)
    await desk.start(sendParcel, { id: 'p1', input })
    await booked
    await desk.cancel(saga, { by: 'customer', reason: 'changed my mind' })
    const { status, data } = await desk.ended(saga, { within: '10s' })
    expect({ status, data, asked }).toEqual({
      status: 'compensated',
      data: { why: 'changed my mind' },
      asked: [
        'book p1 parcel.send/p1/bookCarrier/run',
        'unbook parcel.send/p1/bookCarrier/run parcel.send/p1/bookCarrier/undo',
      ],
    })
    await stop()
  })
})

// region specify
test('given a parcel that waits for its money, when the customer cancels, then the waiting is withdrawn', () => {
  specify(sendParcel)
    .given(started(input), succeeded('bookCarrier', { tracking: 'T-p1' }), accepted('collectMoney', 99))
    .when(cancel('customer'))
    .then(withdraws('collectMoney'))
})

test('given that it was withdrawn, then the booking is undone and the saga says why', () => {
  const booked = succeeded('bookCarrier', { tracking: 'T-p1' })
  const cancelled = [cancel('customer', 'too slow'), withdrawn('collectMoney', 'too slow')] as const
  specify(sendParcel)
    .given(started(input), booked, cancelled[0])
    .when(cancelled[1])
    .then(undoes('bookCarrier', input))
  specify(sendParcel)
    .given(started(input), booked, ...cancelled)
    .when(undone('bookCarrier'))
    .then(compensates({ why: 'too slow' }))
})
// endregion

// region specifyRule
test('given no money, when it is collected, then the outcome is still to come', () => {
  specifyRule(collect)
    .given({ now: 1_000 })
    .when(input)
    .then({ outcome: deferred({ until: 86_401_000 }), state: { parcel: 'p1', paid: 0 } })
})

test('given that somebody waits, when the money comes, then the waiting is settled', () => {
  specifyRule(pay)
    .given({ deferred: [{ operation: 'parcel.send/p1/collectMoney/run', request: 'collect' }] })
    .when(input)
    .then({
      outcome: outcome({ paid: 20 }),
      state: { parcel: 'p1', paid: 20 },
      settlements: [{ operation: 'parcel.send/p1/collectMoney/run', outcome: outcome({ paid: 20 }) }],
    })
})
// endregion
