// What is said when a service starts that asks others without knowing where they are.
import { expect, test } from 'vitest'
import { peersUnset } from '../src/peers.ts'

test.each([
  [{}, 'ORDER_URL, SHOP_USER_URL are not set: calls to order, shop-user will answer 503'],
  [{ 'shop-user': ['http://127.0.0.1:1'] }, 'ORDER_URL is not set: calls to order will answer 503'],
  [{ order: ['http://127.0.0.1:1'], 'shop-user': ['http://127.0.0.1:2'] }, undefined],
])('given the URLs %j, the variables that are missing are named', (urls, line) => {
  expect(peersUnset(['order', 'shop-user'], urls)).toBe(line)
})
