import { describe, expect, it } from 'vitest'
import { bookTrip, startSystem } from './saga.ts'

describe.each(['orchestration', 'choreography'] as const)('a first saga, %s', (pattern) => {
  it('completes when the card is charged', async () => {
    const { desk, seatOf, stop } = await startSystem(pattern)
    await desk.start(bookTrip, { id: 't1', input: { trip: 't1', card: 'good', price: 100 } })
    const { status, data } = await desk.ended({ plan: 'trip.book', id: 't1' }, { within: '10s' })
    expect({ status, data, seat: await seatOf('t1') }).toEqual({
      status: 'completed',
      data: { seat: '12A' },
      seat: { trip: 't1', status: 'confirmed' },
    })
    await stop()
  })

  it('gives the seat back when the card is declined', async () => {
    const { desk, seatOf, stop } = await startSystem(pattern)
    await desk.start(bookTrip, { id: 't2', input: { trip: 't2', card: 'stolen', price: 100 } })
    const { status, data } = await desk.ended({ plan: 'trip.book', id: 't2' }, { within: '10s' })
    expect({ status, data, seat: await seatOf('t2') }).toEqual({
      status: 'compensated',
      data: { why: 'declined' },
      seat: { trip: 't2', status: 'freed' },
    })
    await stop()
  })
})
