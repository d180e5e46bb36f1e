// Runs the first saga in both patterns and prints how each trip ended.
import { bookTrip, startSystem } from './saga.ts'

for (const pattern of ['orchestration', 'choreography'] as const) {
  const { desk, stop } = await startSystem(pattern)
  for (const card of ['good', 'stolen']) {
    const id = `trip-with-${card}-card`
    await desk.start(bookTrip, { id, input: { trip: id, card, price: 100 } })
    const { status, data } = await desk.ended({ plan: bookTrip.name, id }, { within: '10s' })
    process.stdout.write(`${pattern}: ${id} ${status} ${JSON.stringify(data)}\n`)
  }
  await stop()
}
