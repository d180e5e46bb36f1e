// One spelling for every address, and no guess at what is none.
import { expect, test } from 'vitest'
import { phoneOf, receiverOf } from '../address.ts'

test.each([
  ['081247930699', '+6281247930699'],
  ['6281247930699', '+6281247930699'],
  ['+6281247930699', '+6281247930699'],
  ['+62 812-4793-0699', '+6281247930699'],
  ['+15005550006', '+15005550006'],
  ['', undefined],
  ['0', undefined],
  ['08', undefined],
  ['+0812479306', undefined],
  ['1234567890123456', undefined],
  ['08abc', undefined],
  ['00', undefined],
])('given %j, when read as a phone number, then it is %j', (text, number) => {
  expect(phoneOf(text)).toBe(number)
})

test.each([
  [' Maya@Example.test ', 'maya@example.test'],
  ['081247930699', '+6281247930699'],
  ['device:Token', 'device:Token'],
])('given %j, when read as a receiver, then it is %j', (text, receiver) => {
  expect(receiverOf(text)).toBe(receiver)
})
