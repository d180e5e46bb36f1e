// The seeds of the migrations and the constants of the contracts are the same rows.
import { readFileSync } from 'node:fs'
import { ROLE } from '@ensemble/service-contracts'
import { seededBy } from '@ensemble/service/testing'
import { expect, test } from 'vitest'

const SEED = new URL('../migrations/005_seed_roles.up.sql', import.meta.url)

test('given the seed of roles, when read, then it is the contract', () => {
  expect(seededBy(SEED)).toEqual(ROLE)
})

test('given the seed of roles, when taken back, then the same rows go', () => {
  const down = readFileSync(new URL('../migrations/005_seed_roles.down.sql', import.meta.url), 'utf8')
  expect(down.match(/\d{18}/g)).toEqual(Object.values(ROLE))
})
