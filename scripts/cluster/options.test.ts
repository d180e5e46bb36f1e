// What somebody may ask of a cluster.
import { expect, test } from 'vitest'
import { readWish, UsageError } from './options.ts'

const SERVICES = ['order', 'gateway']

test.each([
  [[], { bus: 'postgres', instances: { order: 1, gateway: 1 } }],
  [['--bus', 'kafka', '--instances', 'order=2'], { bus: 'kafka', instances: { order: 2, gateway: 1 } }],
  [['--instances', '3'], { bus: 'postgres', instances: { order: 3, gateway: 3 } }],
  [['--instances=order=0,gateway=8'], { bus: 'postgres', instances: { order: 0, gateway: 8 } }],
])('%j is %j', (args, wish) => {
  expect(readWish(args, SERVICES)).toEqual(wish)
})

test.each([
  [['--bus', 'carrier-pigeon'], /carrier-pigeon/],
  [['--instances', 'shop=2'], /'shop' is no service/],
  [['--instances', 'order=9'], /order can have 0 to 8/],
  [['--instances', 'order='], /order can have 0 to 8/],
  [['--instances', '0'], /gateway can have 1 to 8/],
  [['--many'], /--many/],
])('%j is refused', (args, why) => {
  expect(() => readWish(args, SERVICES)).toThrow(UsageError)
  expect(() => readWish(args, SERVICES)).toThrow(why)
})
