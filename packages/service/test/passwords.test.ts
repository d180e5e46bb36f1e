// Scenes about hashes: their form, what they match, what is refused. Cheap ones, but for the default's cost.
import { argon2Sync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { passwordsOf } from '../src/passwords.ts'

const CHEAP = { memoryKib: 64, passes: 1, lanes: 1 }
const passwords = passwordsOf(CHEAP)

describe('a hash', () => {
  test('given a password, when hashed, then the string says how, and holds what argon2id computes', async () => {
    const hash = await passwords.hash('correct horse')
    const [, name, version, cost, salt = '', tag = ''] = hash.split('$')
    expect([name, version, cost]).toEqual(['argon2id', 'v=19', 'm=64,t=1,p=1'])
    const expected = argon2Sync('argon2id', {
      message: 'correct horse',
      nonce: Buffer.from(salt, 'base64'),
      memory: 64,
      passes: 1,
      parallelism: 1,
      tagLength: 32,
    })
    expect(Buffer.from(tag, 'base64').equals(expected)).toBe(true)
  })

  test('given nothing said about cost, when hashed, then it costs what OWASP asks for', async () => {
    expect(await passwordsOf().hash('correct horse')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  })

  test('given one password twice, when hashed, then two strings', async () => {
    expect(await passwords.hash('correct horse')).not.toBe(await passwords.hash('correct horse'))
  })

  test('given a password, when checked, then it alone is right', async () => {
    const hash = await passwords.hash('correct horse')
    expect(await passwords.isRight('correct horse', hash)).toBe(true)
    expect(await passwords.isRight('correct horse ', hash)).toBe(false)
    expect(await passwords.isRight('Correct horse', hash)).toBe(false)
  })

  test('given a letter in two forms of Unicode, when checked, then it is one password', async () => {
    const hash = await passwords.hash('ma\u00f1ana secreta')
    expect(await passwords.isRight('man\u0303ana secreta', hash)).toBe(true)
  })

  test('given no hash, when checked, then never right', async () => {
    expect(await passwords.isRight('correct horse', undefined)).toBe(false)
  })

  test('given no hash, when checked, then it takes as long as with one', async () => {
    const dear = passwordsOf({ memoryKib: 4_096, passes: 4, lanes: 1 })
    const hash = await dear.hash('correct horse')
    const shortestMs = async (against: string | undefined): Promise<number> => {
      const times: number[] = []
      for (let round = 0; round < 5; round += 1) {
        const begun = performance.now()
        await dear.isRight('wrong', against)
        times.push(performance.now() - begun)
      }
      return Math.min(...times)
    }
    const [without, with_] = [await shortestMs(undefined), await shortestMs(hash)]
    // Without the work it would be a hundredth; a busy machine is not that uneven.
    expect(without).toBeGreaterThan(with_ / 4)
  })

  test('given a hash of another cost, when checked, then it is right and outdated', async () => {
    const dearer = passwordsOf({ ...CHEAP, passes: 2 })
    const hash = await passwords.hash('correct horse')
    expect(await dearer.isRight('correct horse', hash)).toBe(true)
    expect([passwords.isOutdated(hash), dearer.isOutdated(hash)]).toEqual([false, true])
  })
})

const SALT = 'A'.repeat(22)
const TAG = 'A'.repeat(43)

test.each([
  'correct horse',
  '$2a$10$abcdefghijklmnopqrstuv',
  `$argon2i$v=19$m=64,t=1,p=1$${SALT}$${TAG}`,
  `$argon2id$v=19$m=262145,t=1,p=1$${SALT}$${TAG}`,
  `$argon2id$v=19$m=64,t=11,p=1$${SALT}$${TAG}`,
  `$argon2id$v=19$m=64,t=1,p=9$${SALT}$${TAG}`,
  `$argon2id$v=19$m=64,t=1,p=1$${SALT}$short`,
])('given %s in the table, when checked, then a fault that does not repeat it', async (hash) => {
  const fault = await passwords.isRight('correct horse', hash).catch((error: unknown) => error)
  expect(fault).toEqual(new TypeError('a stored password is no hash of ours'))
})
