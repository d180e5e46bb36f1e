// Owns: the calls about messages that wait: scheduled ones, dead letters, the outbox.
import { dueAt, HOUR_MS, note, pairs, some, type At, type Family } from './calls.ts'

export const scheduledCalls: Family = {
  insert: (draw) => {
    const { chance, next } = draw
    const rows = Array.from({ length: chance.int(1, 2) }, () => ({
      dueAt: dueAt(draw),
      messages: Array.from({ length: chance.int(1, 2) }, () => note(`m${next()}`)),
    }))
    const packs = rows.map(({ dueAt: at, messages }) => [messages.map(({ id }) => id).join('+'), at] as const)
    return {
      text: `scheduled.insert ${pairs(packs)}`,
      run: ({ stores, tx }) => stores.scheduled.insert(tx, rows),
    }
  },
  others: [
    ({ chance }) => {
      const countMax = chance.int(1, 4)
      return {
        text: `scheduled.takeDue at most ${countMax}`,
        isSerial: false,
        run: async ({ stores, tx }) => (await stores.scheduled.takeDue(tx, countMax)).map(({ id }) => id),
      }
    },
    () => ({ text: 'scheduled.nextDue', run: ({ stores, tx }) => stores.scheduled.nextDue(tx) }),
  ],
  look: {
    text: 'scheduled',
    run: async ({ stores, tx }) => [
      (await stores.scheduled.takeDue(tx, 100)).map(({ id }) => id),
      await stores.scheduled.nextDue(tx),
    ],
  },
}

const LETTERS = ['d1', 'd2', 'd3']

async function letters({ stores, tx }: At, countMax: number): Promise<string[]> {
  return (await stores.deadLetters.list(tx, countMax)).map(({ id, detail }) => `${id}=${detail}`)
}

export const letterCalls: Family = {
  insert: ({ chance, next }) => {
    const given = some(chance, LETTERS).map((id) => ({
      id,
      topic: 't',
      reason: 'UNDECODABLE',
      detail: String(next()),
      text: '',
    }))
    return {
      text: `deadLetters.insert ${pairs(given.map(({ id, detail }) => [id, detail]))}`,
      run: ({ stores, tx }) => stores.deadLetters.insert(tx, given),
    }
  },
  others: [
    ({ chance }) => {
      const countMax = chance.int(1, 4)
      return {
        text: `deadLetters.list at most ${countMax}`,
        isSerial: false,
        run: (at) => letters(at, countMax),
      }
    },
  ],
  // Sorted, for their order is that of the transactions' beginnings.
  look: { text: 'dead letters', run: async (at) => (await letters(at, 100)).sort() },
}

const BATCHES = ['b1', 'b2', 'b3'] as const

export const outboxCalls: Family = {
  insert: ({ chance, next }) => {
    const id = chance.pick(BATCHES)
    const isDue = chance.hit(0.8)
    const claimAfterMs = (isDue ? -HOUR_MS : HOUR_MS) + next() * 1_000
    const messages = [note(`m${next()}`)]
    return {
      text: `outbox.insert ${id}${isDue ? ', due' : ''}`,
      run: ({ stores, tx }) => stores.outbox.insert(tx, { id, messages, claimAfterMs }),
    }
  },
  others: [
    ({ chance }) => {
      const ids = some(chance, BATCHES)
      return {
        text: `outbox.remove ${ids.join(' ')}`,
        run: ({ stores, tx }) => stores.outbox.remove(tx, ids),
      }
    },
    ({ chance }) => {
      const countMax = chance.int(1, 3)
      return {
        text: `outbox.claim at most ${countMax}`,
        isSerial: false,
        run: ({ stores, tx }) => stores.outbox.claim(tx, { countMax, claimAfterMs: HOUR_MS }),
      }
    },
  ],
  look: {
    text: 'outbox',
    run: ({ stores, tx }) => stores.outbox.claim(tx, { countMax: 100, claimAfterMs: HOUR_MS }),
  },
}
