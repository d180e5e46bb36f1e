// Owns: passwords as PHC strings of argon2id (RFC 9106): made, checked, and whether one was made too cheaply.
// Does not own: how many are computed at a time (slots.ts).
// I1: the work is done beside the event loop, in a thread of the pool.
// I2: who has no hash is checked against the decoy, so that a name nobody has takes the same time.
// I3: a string says what it cost, so that the cost of new ones can be raised; it is never above COST_MAX.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

export interface Cost {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

export interface Passwords {
  hash(password: string): Promise<string>
  /** Whether the password is that of the string; never without one, but as much work. */
  isRight(password: string, hash: string | undefined): Promise<boolean>
  /** Whether the string cost less, or something else, than what is made now. */
  isOutdated(hash: string): boolean
}

/** One of the equal choices of the OWASP Password Storage Cheat Sheet; 30 ms and 19 MiB each. */
const COST: Cost = { memoryKib: 19_456, passes: 2, lanes: 1 }
/** A string from elsewhere must not take all memory. */
const COST_MAX: Cost = { memoryKib: 262_144, passes: 10, lanes: 8 }
const SALT_BYTES = 16
const TAG_BYTES = 32

const derive = promisify(argon2)

export function passwordsOf(cost: Cost = COST): Passwords {
  const decoy: Hashed = { cost, salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) }
  return {
    hash: async (password) => {
      const salt = randomBytes(SALT_BYTES)
      return textOf({ cost, salt, tag: await tagOf(password, { cost, salt }) })
    },
    isRight: async (password, hash) => {
      const hashed = hash === undefined ? decoy : parsed(hash)
      const isEqual = timingSafeEqual(await tagOf(password, hashed), hashed.tag)
      return isEqual && hash !== undefined
    },
    isOutdated: (hash) => {
      const { memoryKib, passes, lanes } = parsed(hash).cost
      return memoryKib !== cost.memoryKib || passes !== cost.passes || lanes !== cost.lanes
    },
  }
}

interface Hashed {
  readonly cost: Cost
  readonly salt: Buffer
  readonly tag: Buffer
}

/** Of one composed form, so that the same characters are the same password on every keyboard. */
async function tagOf(password: string, { cost, salt }: Omit<Hashed, 'tag'>): Promise<Buffer> {
  return await derive('argon2id', {
    message: password.normalize('NFKC'),
    nonce: salt,
    memory: cost.memoryKib,
    passes: cost.passes,
    parallelism: cost.lanes,
    tagLength: TAG_BYTES,
  })
}

function textOf({ cost: { memoryKib, passes, lanes }, salt, tag }: Hashed): string {
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${base64(salt)}$${base64(tag)}`
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}

const FORM =
  /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/

/** Errors: a fault when it is none of ours; without its text, which would be in a log then. */
function parsed(hash: string): Hashed {
  const [, memory = '', passes = '', lanes = '', salt = '', tag = ''] = FORM.exec(hash) ?? []
  const cost = { memoryKib: Number(memory), passes: Number(passes), lanes: Number(lanes) }
  const isBounded =
    cost.memoryKib <= COST_MAX.memoryKib && cost.passes <= COST_MAX.passes && cost.lanes <= COST_MAX.lanes
  if (tag === '' || !isBounded) throw new TypeError('a stored password is no hash of ours')
  return { cost, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') }
}
