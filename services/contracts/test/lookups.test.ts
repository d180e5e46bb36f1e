// Scenes about ids: lookups by id and the 64-bit ids that follow from uuids.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  nameIn,
  nameOf,
  ORDER_STATUS,
  ORDER_TYPE,
  PAYMENT_MODEL,
  PAYMENT_STATUS,
  ROLE,
  rowIdOf,
} from '../index.ts'

const LOOKUPS = { ORDER_STATUS, ORDER_TYPE, PAYMENT_STATUS, PAYMENT_MODEL, ROLE }

describe('lookups', () => {
  test.each(Object.entries(LOOKUPS))(
    'given %s, when read back by id, then every name is found once',
    (_name, lookup) => {
      const ids = Object.values<string>(lookup)
      expect(ids.map((id) => nameIn<string>(lookup, id))).toEqual(Object.keys(lookup))
    },
  )

  test('given an id that no lookup has, when read, then there is no name, and a stored one is a fault', () => {
    expect(nameIn(PAYMENT_MODEL, '1')).toBeUndefined()
    expect(() => nameOf(PAYMENT_MODEL, '1')).toThrow(RangeError)
  })

  test("given the README's order call, when its id_payment_model is read, then it is a model", () => {
    expect(nameIn(PAYMENT_MODEL, '545204998214516737')).toBe('Any')
  })
})

describe('row ids', () => {
  test('given any uuid, when folded, then it is a positive 64-bit id, always the same', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const id = BigInt(rowIdOf(uuid))
        expect(id >= 0n && id < 2n ** 63n).toBe(true)
        expect(rowIdOf(uuid.toUpperCase())).toBe(String(id))
      }),
    )
  })

  test('given a thousand uuids of one millisecond, when folded, then no two ids are equal', () => {
    const uuids = fc.sample(fc.uuid({ version: 7 }), { numRuns: 1_000, seed: 1 })
    expect(new Set(uuids.map(rowIdOf)).size).toBe(new Set(uuids).size)
  })

  test('given what is no uuid, when folded, then it is refused', () => {
    expect(() => rowIdOf('17')).toThrow(TypeError)
  })
})
