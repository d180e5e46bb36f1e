// The broker of the simulator: who is a member of a group, and for how long.
import { expect, test } from 'vitest'
import { Virtual } from './virtual.ts'

/** Longer than a member may be silent. */
const SESSION_OVER_MS = 11_000
const TOPIC = 'orders'

// Who gets the partition is drawn.
test.for([1, 2, 3, 4, 5, 6])(
  'a process that dies while it asks to join keeps no partition for ever, seed %i',
  async (seed) => {
    const virtual = new Virtual({ seed })
    const broker = virtual.broker(1)
    const [dying, living] = [virtual.process('dying'), virtual.process('living')]
    void broker.transportOf(dying).subscribe({ group: 'g', topics: [TOPIC] })
    dying.end('crash', 'while it joins')
    await virtual.settle()
    const subscription = await virtual.finish(
      broker.transportOf(living).subscribe({ group: 'g', topics: [TOPIC] }),
    )
    broker.appendRaw({ topic: TOPIC, key: 'k', text: '[{}]' })
    await virtual.settle(SESSION_OVER_MS)
    expect((await virtual.finish(subscription.take(1)))?.messages).toHaveLength(1)
  },
)
