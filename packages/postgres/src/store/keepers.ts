// Owns: the small stores in SQL: claims, dead letters, progress, and the registry of plans with its horizon.
import type { ClaimStore, DeadLetterStore, ProgressStore, RegistryStore } from '@ensemble/runtime'
import { integer, sorted, text, time, timeText } from './columns.ts'
import { statement } from './statements.ts'

const CLAIM_LOAD = statement('claim_load')
const CLAIM_INSERT = statement('claim_insert')
const CLAIM_RELEASE = statement('claim_release')
const DEAD_LETTER_INSERT = statement('dead_letter_insert')
const DEAD_LETTER_LIST = statement('dead_letter_list')
const PROGRESS_COUNT = statement('progress_count')
const PROGRESS_CLEAR = statement('progress_clear')
const PLAN_INSERT = statement('plan_insert')
const PLAN_LOAD = statement('plan_load')
const HORIZON_LOAD = statement('horizon_load')
const HORIZON_MOVE = statement('horizon_move')

export const claimStore: ClaimStore = {
  load: async (tx, values) => {
    if (values.length === 0) return new Map()
    const { rows } = await tx.query(CLAIM_LOAD, [values])
    return new Map(rows.map((row) => [text(row, 'value'), text(row, 'owner')]))
  },

  insert: async (tx, given) => {
    if (given.length === 0) return
    const claims = sorted(given, ({ value }) => value)
    await tx.query(CLAIM_INSERT, [claims.map(({ value }) => value), claims.map(({ owner }) => owner)])
  },

  release: async (tx, values) => {
    if (values.length > 0) await tx.query(CLAIM_RELEASE, [values])
  },
}

export const deadLetterStore: DeadLetterStore = {
  insert: async (tx, given) => {
    if (given.length === 0) return
    const letters = sorted(given, ({ id }) => id)
    await tx.query(DEAD_LETTER_INSERT, [
      letters.map(({ id }) => id),
      letters.map(({ topic }) => topic),
      letters.map(({ reason }) => reason),
      letters.map(({ detail }) => withoutZero(detail)),
      letters.map((letter) => withoutZero(letter.text)),
    ])
  },

  list: async (tx, countMax) => {
    const { rows } = await tx.query(DEAD_LETTER_LIST, [countMax])
    return rows.map((row) => ({
      id: text(row, 'id'),
      topic: text(row, 'topic'),
      reason: text(row, 'reason'),
      detail: text(row, 'detail'),
      text: text(row, 'message'),
      at: time(row, 'dead_at'),
    }))
  },
}

/** A text column cannot hold U+0000, and a letter that cannot be stored would come again for ever. */
function withoutZero(value: string): string {
  return value.replaceAll('\u0000', '\uFFFD')
}

export const progressStore: ProgressStore = {
  count: async (tx, { topic, partition, position }) => {
    const { rows } = await tx.query(PROGRESS_COUNT, [topic, partition, position])
    return integer(rows[0] ?? {}, 'tries')
  },

  clear: async (tx, { topic, partition }) => {
    await tx.query(PROGRESS_CLEAR, [topic, partition])
  },
}

export const registryStore: RegistryStore = {
  plans: async (tx, given) => {
    if (given.length === 0) return []
    const plans = sorted(given, ({ name, version }) => `${name}/${version}`)
    const names = plans.map(({ name }) => name)
    const versions = plans.map(({ version }) => version)
    await tx.query(PLAN_INSERT, [names, versions, plans.map(({ outline }) => outline)])
    const { rows } = await tx.query(PLAN_LOAD, [names, versions])
    return rows.map((row) => ({
      name: text(row, 'name'),
      version: integer(row, 'version'),
      outline: text(row, 'fingerprint'),
    }))
  },

  horizon: async (tx) => {
    const [row] = (await tx.query(HORIZON_LOAD)).rows
    return row === undefined ? 0 : time(row, 'horizon')
  },

  moveHorizon: async (tx, to) => {
    await tx.query(HORIZON_MOVE, [timeText(to)])
  },
}
