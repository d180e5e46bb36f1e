// Owns: facts and outlines in MongoDB: two collections, made and indexed at the first use.
// I1: no transactions and no pipelines, so that servers which speak MongoDB's protocol and lack them do as well.
import { MongoBulkWriteError, MongoClient, MongoServerError, type Collection, type Filter } from 'mongodb'
import { asking, CALL_MS_MAX, CONNECT_MS_MAX, prepared } from './failures.ts'
import type { Fact, Outline, OutlineFilter } from './facts.ts'
import type { FactStore } from './folded.ts'
import type { PlaceOf } from './open.ts'

interface FactRow extends Omit<Fact, 'key'> {
  readonly _id: string
}

interface OutlineRow extends Omit<Outline, 'subject'> {
  readonly _id: string
}

const DUPLICATE = 11_000
/** A document is larger than 16 MB. */
const TOO_LARGE = new Set([10_334, 17_280])

interface Collections {
  readonly facts: Collection<FactRow>
  readonly outlines: Collection<OutlineRow>
  /** What fails in `work` is told as what MongoDB does not do. */
  readonly ask: <T>(what: string, work: () => Promise<T>) => Promise<T>
}

export function mongoFacts({ url, database }: PlaceOf<'mongo'>): FactStore {
  const client = new MongoClient(url, {
    serverSelectionTimeoutMS: CONNECT_MS_MAX,
    connectTimeoutMS: CONNECT_MS_MAX,
    socketTimeoutMS: CALL_MS_MAX,
    retryWrites: false,
    appName: 'ensemble history',
  })
  const db = client.db(database)
  const facts = db.collection<FactRow>('facts')
  const outlines = db.collection<OutlineRow>('outlines')
  const prepare = prepared(async () => {
    // A client whose first connection fails stays closed unless it is told to connect again.
    await client.connect()
    await facts.createIndex({ subject: 1 })
    await outlines.createIndex({ kind: 1, createdAt: -1, _id: -1 })
    await outlines.createIndex({ kind: 1, family: 1, createdAt: -1, _id: -1 })
    await outlines.createIndex({ updatedAt: 1 })
    await outlines.createIndex({ words: 1 })
    await outlines.createIndex({ sagas: 1 })
  })
  const ask: Collections['ask'] = async (what, work) => {
    const all = async () => {
      await prepare()
      return await work()
    }
    return await asking(`MongoDB does not ${what}`, all, isTooLarge)
  }
  return {
    ...factCalls({ facts, outlines, ask }),
    ...outlineCalls({ facts, outlines, ask }),
    ping: () => ask('answer', () => db.command({ ping: 1 })),
    close: () => client.close(),
  }
}

function factCalls({ facts, outlines, ask }: Collections): Pick<FactStore, 'insert' | 'read' | 'forget'> {
  return {
    insert: (rows) =>
      ask('store facts', async () => {
        const documents = rows.map(({ key, ...rest }) => ({ _id: key, ...rest }))
        await unlessThere(() => facts.insertMany(documents, { ordered: false }))
      }),
    read: (subjects) =>
      ask('read facts', async () => {
        if (subjects.length === 0) return []
        const rows = await facts.find({ subject: { $in: [...subjects] } }).toArray()
        return rows.map(({ _id: key, ...rest }) => ({ key, ...rest }))
      }),
    forget: (subjects, before) =>
      ask('forget facts', async () => {
        const which = { $in: [...subjects] }
        await facts.deleteMany({ subject: which, ...(before !== null && { at: { $lt: before } }) })
        await outlines.deleteMany({ _id: which })
      }),
  }
}

/**
 * One after the other. MongoDB looks for a document and changes it in one step; FerretDB looks first and changes then,
 * so that of two outlines the one that knows less could be the last.
 */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next
    return next
  }
}

async function putAll(outlines: Collection<OutlineRow>, rows: readonly Outline[]): Promise<void> {
  const writes = rows.map(({ subject, ...rest }) => ({
    filter: { _id: subject, told: { $lt: rest.told } },
    update: { $set: rest },
  }))
  const refused = await unlessThere(() =>
    outlines.bulkWrite(
      writes.map((write) => ({ updateOne: { ...write, upsert: true } })),
      { ordered: false },
    ),
  )
  // One of the id is there. It knows as much, or it was put in between by a writer who knows less.
  const again = refused.flatMap((index) => writes[index] ?? [])
  if (again.length === 0) return
  await outlines.bulkWrite(
    again.map((write) => ({ updateOne: write })),
    { ordered: false },
  )
}

function outlineCalls({ outlines, ask }: Collections): Pick<FactStore, 'put' | 'find' | 'stale'> {
  const inTurn = turns()
  return {
    put: (rows) =>
      inTurn(() =>
        ask('store outlines', async () => {
          if (rows.length > 0) await putAll(outlines, rows)
        }),
      ),
    find: ({ limit, offset, ...filter }) =>
      ask('find outlines', async () => {
        const query = queryOf(filter)
        const [total, rows] = await Promise.all([
          outlines.countDocuments(query),
          outlines.find(query).sort({ createdAt: -1, _id: -1 }).skip(offset).limit(limit).toArray(),
        ])
        return { total, outlines: rows.map(({ _id: subject, ...rest }) => ({ subject, ...rest })) }
      }),
    stale: ({ before, countMax }) =>
      ask('find outlines', async () => {
        const mayGo: Filter<OutlineRow>[] = [{ kind: 'document' }, { state: 'ended' }]
        const old = outlines.find({ updatedAt: { $lt: before }, $or: mayGo })
        const rows = await old.sort({ updatedAt: 1 }).limit(countMax).toArray()
        return rows.map(({ _id }) => _id)
      }),
  }
}

function queryOf({ kind, family, state, from, until, saga, words }: OutlineFilter): Filter<OutlineRow> {
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

/** Gives the indices of the writes that were refused because one of their id is there. */
async function unlessThere(work: () => Promise<unknown>): Promise<readonly number[]> {
  try {
    await work()
    return []
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error
    const failures = [error.writeErrors].flat()
    if (error.result.getWriteConcernError() !== undefined) throw error
    if (failures.length === 0 || failures.some(({ code }) => code !== DUPLICATE)) throw error
    return failures.map(({ index }) => index)
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof MongoServerError && TOO_LARGE.has(Number(error.code))
}
