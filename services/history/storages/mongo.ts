// Owns: facts and heads in MongoDB: two collections, made and indexed at the first use.
// I1: no transactions and no pipelines, so that servers which speak MongoDB's protocol and lack them do as well.
import { MongoBulkWriteError, MongoClient, MongoServerError, type Filter } from 'mongodb'
import { asking, CALL_MS_MAX, prepared } from './failures.ts'
import type { Fact, Head, HeadFilter } from './facts.ts'
import type { FactStore } from './folded.ts'
import type { PlaceOf } from './open.ts'

interface FactRow extends Omit<Fact, 'key'> {
  readonly _id: string
}

interface HeadRow extends Omit<Head, 'subject'> {
  readonly _id: string
}

const DUPLICATE = 11_000
/** A document is larger than 16 MB. */
const TOO_LARGE = new Set([10_334, 17_280])

export function mongoFacts({ url, database }: PlaceOf<'mongo'>): FactStore {
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: CALL_MS_MAX,
    connectTimeoutMS: CALL_MS_MAX,
    socketTimeoutMS: CALL_MS_MAX,
    retryWrites: false,
    appName: 'ensemble history',
  })
  const db = client.db(database)
  const facts = db.collection<FactRow>('facts')
  const heads = db.collection<HeadRow>('heads')
  const prepare = prepared(async () => {
    await facts.createIndex({ subject: 1 })
    await heads.createIndex({ kind: 1, createdAt: -1, _id: -1 })
    await heads.createIndex({ kind: 1, family: 1, createdAt: -1, _id: -1 })
    await heads.createIndex({ updatedAt: 1 })
    await heads.createIndex({ words: 1 })
    await heads.createIndex({ sagas: 1 })
  })
  const ask = async <T>(what: string, work: () => Promise<T>): Promise<T> =>
    await asking(
      `MongoDB does not ${what}`,
      async () => {
        await prepare()
        return await work()
      },
      isTooLarge,
    )
  return {
    insert: (rows) =>
      ask('store facts', () =>
        unlessThere(() =>
          facts.insertMany(
            rows.map(({ key, ...rest }) => ({ _id: key, ...rest })),
            { ordered: false },
          ),
        ),
      ),
    read: (subjects) =>
      ask('read facts', async () => {
        if (subjects.length === 0) return []
        const rows = await facts.find({ subject: { $in: [...subjects] } }).toArray()
        return rows.map(({ _id: key, ...rest }) => ({ key, ...rest }))
      }),
    put: (rows) =>
      ask('store heads', async () => {
        if (rows.length === 0) return
        const writes = rows.map(({ subject, ...rest }) => ({
          updateOne: {
            filter: { _id: subject, told: { $lt: rest.told } },
            update: { $set: rest },
            // Where one is there that knows as much, this is a second one of its id, which is refused.
            upsert: true,
          },
        }))
        await unlessThere(() => heads.bulkWrite(writes, { ordered: false }))
      }),
    find: ({ limit, offset, ...filter }) =>
      ask('find heads', async () => {
        const query = queryOf(filter)
        const [total, rows] = await Promise.all([
          heads.countDocuments(query),
          heads.find(query).sort({ createdAt: -1, _id: -1 }).skip(offset).limit(limit).toArray(),
        ])
        return { total, heads: rows.map(({ _id: subject, ...rest }) => ({ subject, ...rest })) }
      }),
    stale: ({ before, countMax }) =>
      ask('find heads', async () => {
        const mayGo: Filter<HeadRow>[] = [{ kind: 'document' }, { state: 'ended' }]
        const rows = await heads
          .find({ updatedAt: { $lt: before }, $or: mayGo })
          .sort({ updatedAt: 1 })
          .limit(countMax)
          .toArray()
        return rows.map(({ _id }) => _id)
      }),
    forget: (subjects, before) =>
      ask('forget facts', async () => {
        const which = { $in: [...subjects] }
        await facts.deleteMany({ subject: which, ...(before !== null && { at: { $lt: before } }) })
        await heads.deleteMany({ _id: which })
      }),
    ping: () => ask('answer', () => db.command({ ping: 1 })),
    close: () => client.close(),
  }
}

function queryOf({ kind, family, state, from, until, saga, words }: HeadFilter): Filter<HeadRow> {
  return {
    kind,
    ...(family !== null && { family }),
    ...(state !== null && { state }),
    ...((from !== null || until !== null) && {
      createdAt: { ...(from !== null && { $gte: from }), ...(until !== null && { $lt: until }) },
    }),
    ...(saga !== null && { sagas: saga }),
    ...(words.length > 0 && { words: { $all: [...words] } }),
  }
}

/** Writes that found one of their id there have nothing to do. */
async function unlessThere(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error
    const failures = [error.writeErrors].flat()
    if (error.result.getWriteConcernError() !== undefined) throw error
    if (failures.length === 0 || failures.some(({ code }) => code !== DUPLICATE)) throw error
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof MongoServerError && TOO_LARGE.has(Number(error.code))
}
