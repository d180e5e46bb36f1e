// Owns: an instance that takes one batch and finishes it only when it is told to. Speaks in lines: `took <positions>`,
// then after a line on its input `done`.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { kafkaTransport, type KafkaOptions } from '@ensemble/kafka'
import { systemClock } from '@ensemble/runtime'

const [options = '{}', topic = ''] = process.argv.slice(2)
const transport = kafkaTransport(JSON.parse(options) as KafkaOptions)
const reader = await transport.subscribe({ group: 'g', topics: [topic] })
const input = createInterface({ input: process.stdin })
let delivery = await reader.take(4)
while (delivery === null) {
  await systemClock.sleep(20, new AbortController().signal)
  delivery = await reader.take(4)
}
process.stdout.write(`took ${delivery.messages.map(({ position }) => position).join(' ')}\n`)
await once(input, 'line')
await delivery.done()
process.stdout.write('done\n')
await once(input, 'line')
await transport.close()
input.close()
