// Who may give whom what.
import { expect, test } from 'vitest'
import { isWithin } from '../permissions.ts'

test.each([
  [[], [], true],
  [['order:read'], ['order:read'], true],
  [['order:read'], ['order:write'], false],
  [['order:own'], ['order:own'], true],
  [['order:own'], ['order:read', 'order:write'], true],
  [['order:own'], ['order:read'], false],
  [['order:read'], ['order:own'], false],
  [['user:own', 'order:own'], ['user:own'], false],
])('%j within %j: %s', (wanted, held, is) => {
  expect(isWithin(wanted, new Set(held))).toBe(is)
})
