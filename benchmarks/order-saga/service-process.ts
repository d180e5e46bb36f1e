// Owns: one service of the measured system as a process of its own: it tells its parent when it is ready and, when
// asked, what it has done so far. It ends when its parent says so, or is gone.
import { startTelling } from '../measure/tally.ts'
import { openBus, openHost, type Seat } from './host.ts'

const seat = JSON.parse(process.argv[2] ?? '') as Seat
const teller = startTelling()
const { bus, close } = openBus(seat.bus)
const seated = await openHost(seat, teller.counted(bus))

async function stop(): Promise<void> {
  await seated.stop()
  await close()
  process.disconnect()
}

process.on('message', (message) => {
  if (message === 'stop') void stop()
  else process.send?.(teller.tally())
})
process.once('disconnect', () => process.exit(0))
// An interrupt typed at the terminal reaches everybody: the parent ends us in good order.
process.on('SIGINT', () => undefined)
process.send?.('ready')
