// The first example in the simulator: `npm run sim -- examples/03-simulate/trips.ts --seeds 200`.
// region trips
import { simulation } from '@ensemble/simulator'
import { bookTrip, cardService, charges, seatRows, seatService } from '../01-first-saga/saga.ts'

export const subject = simulation({
  name: 'trips',
  services: [seatService, cardService],
  sagas: [
    {
      plan: bookTrip,
      input: ({ id, chance }) => ({ trip: id, card: chance.pick(['good', 'stolen']), price: 100 }),
    },
  ],
  check: ({ sagas, states }) =>
    sagas.flatMap(({ input: { trip }, status }) => {
      const seat = states(seatRows).find((one) => one.trip === trip)?.status ?? 'free'
      const isCharged = states(charges).some((one) => one.trip === trip)
      const left = `${seat}, ${isCharged ? 'charged' : 'not charged'}`
      const right =
        status === 'completed' ? ['confirmed, charged'] : ['free, not charged', 'freed, not charged']
      return right.includes(left) ? [] : [`trip ${trip} ${status}, its seat is ${left}`]
    }),
})
// endregion
