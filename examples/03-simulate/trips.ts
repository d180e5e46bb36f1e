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
      const seat = states(seatRows).find((one) => one.trip === trip)?.status ?? 'never booked'
      const isCharged = states(charges).some((one) => one.trip === trip)
      const isRight =
        status === 'completed'
          ? seat === 'confirmed' && isCharged
          : seat !== 'booked' && seat !== 'confirmed' && !isCharged
      return isRight
        ? []
        : [`trip ${trip} ${status}: its seat is ${seat}, ${isCharged ? 'charged' : 'not charged'}`]
    }),
})
