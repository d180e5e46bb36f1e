// Owns: facts and outlines as objects of a bucket: written once, never changed, listed by prefix. The bucket is there
// already. A storage to keep things in: reading by name costs what there is of the subject; a list reads the names
// of all outlines of its kind, a thousand at a time.
// I1: an object's name follows from what is in it, so the same fact again is the same object. Of one key that two wrote
// at different times there are two objects, and the earlier counts.
// I2: an outline knows more than every outline of its subject that was there before it; the one that knows most
// counts, so two writers need no condition that a server might not offer.
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { asking, CALL_MS_MAX, CONNECT_MS_MAX, StorageError } from './failures.ts'
import { digestOf, fits, newestFirst, once, type Fact, type Outline, type OutlineFilter } from './facts.ts'
import type { FactStore } from './folded.ts'
import type { PlaceOf } from './open.ts'

/** Objects that are read or written at the same time. */
const CONCURRENCY_MAX = 32
/** Of one list; more are too many to look at for one answer. */
const NAMES_COUNT_MAX = 1_000_000
const DIGITS = 15

/** What an object store must offer here. */
interface Objects {
  put(name: string, body: string): Promise<void>
  /** undefined when it is gone. */
  get(name: string): Promise<string | undefined>
  list(prefix: string): Promise<readonly string[]>
  /** Also when it is gone: of two writers that replace one outline, the second finds it removed. */
  remove(name: string): Promise<void>
}

interface Bucket {
  readonly objects: Objects
  readonly prefix: string
  /** What fails in `work` is told as what the bucket does not do. */
  readonly ask: <T>(what: string, work: () => Promise<T>) => Promise<T>
}

export function s3Facts(place: PlaceOf<'s3'>): FactStore {
  const client = clientOf(place)
  const ask: Bucket['ask'] = (what, work) =>
    asking(`the bucket ${place.bucket} does not ${what}`, work, isRefusal)
  const bucket = { objects: objectsOf(client, place.bucket), prefix: place.prefix, ask }
  return {
    ...factCalls(bucket),
    ...outlineCalls(bucket),
    ping: () => ask('answer', () => client.send(new HeadBucketCommand({ Bucket: place.bucket }))),
    close: async () => client.destroy(),
  }
}

function factsFolder(prefix: string, subject: string): string {
  return `${prefix}facts/${pathOf(subject)}/`
}

function outlinesFolder(prefix: string, subject: string): string {
  return `${prefix}outlines/${pathOf(subject)}/`
}

function factCalls({ objects, prefix, ask }: Bucket): Pick<FactStore, 'insert' | 'read' | 'forget'> {
  return {
    insert: (facts) =>
      ask('take facts', async () => {
        const bySubject = [...Map.groupBy(facts, ({ subject }) => subject)]
        await each(bySubject, async ([subject, told]) => {
          const folder = factsFolder(prefix, subject)
          const there = new Set((await objects.list(folder)).map((name) => factParts(name).key))
          for (const fact of told)
            if (!there.has(fact.key)) await objects.put(`${folder}${factName(fact)}`, JSON.stringify(fact))
        })
      }),
    read: (subjects) =>
      ask('give facts', async () => {
        const folders = subjects.map((subject) => factsFolder(prefix, subject))
        const names = (await each(folders, (folder) => objects.list(folder))).flat()
        const texts = await each(names, (name) => objects.get(name))
        return once(texts.flatMap(factIn))
      }),
    forget: (subjects, before) =>
      ask('forget facts', async () => {
        await each(subjects, async (subject) => {
          const facts = await objects.list(factsFolder(prefix, subject))
          const old = before === null ? facts : facts.filter((name) => factParts(name).at < before)
          const outlines = await objects.list(outlinesFolder(prefix, subject))
          for (const name of [...old, ...outlines]) await objects.remove(name)
        })
      }),
  }
}

function outlineCalls({ objects, prefix, ask }: Bucket): Pick<FactStore, 'put' | 'find' | 'stale'> {
  return {
    put: (outlines) =>
      ask('take outlines', async () => {
        await each(outlines, async (outline) => {
          const folder = outlinesFolder(prefix, outline.subject)
          const older = (await objects.list(folder)).filter((name) => partsOf(name).told < outline.told)
          await objects.put(`${folder}${outlineName(outline)}`, JSON.stringify(outline))
          for (const name of older) await objects.remove(name)
        })
      }),
    find: ({ limit, offset, ...filter }) =>
      ask('give outlines', async () => {
        const family = filter.family === null ? '' : `${safe(filter.family)}/`
        const names = await objects.list(`${prefix}outlines/${filter.kind}/${family}`)
        const known = newestOf(names).filter((parts) => mayFit(parts, filter))
        if (filter.saga === null && filter.words.length === 0) {
          const page = known.sort(newestFirst).slice(offset, offset + limit)
          return { total: known.length, outlines: await outlinesAt(objects, page) }
        }
        const found = (await outlinesAt(objects, known)).filter((outline) => fits(outline, filter))
        return { total: found.length, outlines: found.sort(newestFirst).slice(offset, offset + limit) }
      }),
    stale: ({ before, countMax }) =>
      ask('give outlines', async () => {
        const documents = newestOf(await objects.list(`${prefix}outlines/document/`))
        const sagas = newestOf(await objects.list(`${prefix}outlines/saga/`))
        const old = [...documents, ...sagas.filter(({ state }) => state === 'ended')]
          .filter(({ updatedAt }) => updatedAt < before)
          .sort((left, right) => left.updatedAt - right.updatedAt)
        return (await outlinesAt(objects, old.slice(0, countMax))).map(({ subject }) => subject)
      }),
  }
}

/** Defaults of the client that others than Amazon do not know are turned off. */
function clientOf({ region, endpoint, accessKeyId, secretAccessKey }: PlaceOf<'s3'>): S3Client {
  return new S3Client({
    region,
    maxAttempts: 2,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS_MAX,
      requestTimeout: CALL_MS_MAX,
      throwOnRequestTimeout: true,
    },
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey } }),
  })
}

function objectsOf(client: S3Client, Bucket: string): Objects {
  return {
    put: async (Key, Body) => {
      const ContentType = 'application/json'
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType }))
    },
    get: async (Key) => {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
        return await Body?.transformToString()
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined
        throw error
      }
    },
    list: async (Prefix) => {
      const names: string[] = []
      let ContinuationToken: string | undefined
      do {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket,
            Prefix,
            ...(ContinuationToken !== undefined && { ContinuationToken }),
          }),
        )
        names.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []))
        ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined
        if (names.length > NAMES_COUNT_MAX)
          throw new StorageError('REFUSED', `${Prefix} has more than ${NAMES_COUNT_MAX} objects`)
      } while (ContinuationToken !== undefined)
      return names
    },
    remove: async (Key) => {
      try {
        await client.send(new DeleteObjectCommand({ Bucket, Key }))
      } catch (error) {
        if (!(error instanceof Error && error.name === 'NoSuchKey')) throw error
      }
    },
  }
}

/** In order of the items; at most CONCURRENCY_MAX at work. */
async function each<Item, T>(
  items: readonly Item[],
  work: (item: Item) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = []
  for (let from = 0; from < items.length; from += CONCURRENCY_MAX)
    results.push(...(await Promise.all(items.slice(from, from + CONCURRENCY_MAX).map(work))))
  return results
}

/** `text` is what `insert` gave. */
function factIn(text: string | undefined): readonly Fact[] {
  return text === undefined ? [] : [JSON.parse(text) as Fact]
}

/** The texts are what `put` gave. An outline that is gone was replaced, or forgotten. */
async function outlinesAt(objects: Objects, known: readonly OutlineParts[]): Promise<readonly Outline[]> {
  const texts = await each(known, async ({ name, subject }) => {
    const text = await objects.get(name)
    if (text !== undefined) return text
    const [next] = newestOf(await objects.list(`${subject}/`))
    return next === undefined ? undefined : await objects.get(next.name)
  })
  return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as Outline]))
}

/** A folder for a subject: `saga/<plan>/<id>`, `document/<action>/<uuid>`. */
function pathOf(subject: string): string {
  const [kind = '', family = '', ...rest] = subject.split('/')
  return `${kind}/${safe(family)}/${safe(rest.join('/'))}`
}

/** Readable where every store takes it as it is. */
function safe(name: string): string {
  return /^\w[\w.-]{0,127}$/.test(name) ? name : `~${digestOf(name)}`
}

function padded(count: number): string {
  return String(count).padStart(DIGITS, '0')
}

function factName({ at, key }: Fact): string {
  return `${padded(at)}_${key}.json`
}

function factParts(name: string): Pick<Fact, 'at' | 'key'> {
  const file = name.slice(name.lastIndexOf('/') + 1, -'.json'.length)
  return { at: Number(file.slice(0, DIGITS)), key: file.slice(DIGITS + 1) }
}

function outlineName({ told, createdAt, updatedAt, state }: Outline): string {
  return `${padded(told)}_${padded(createdAt)}_${padded(updatedAt)}_${state}.json`
}

/** What an outline's name says of it. */
interface OutlineParts extends Pick<Outline, 'told' | 'createdAt' | 'updatedAt' | 'state'> {
  readonly name: string
  /** Its folder. */
  readonly subject: string
}

function partsOf(name: string): OutlineParts {
  const cut = name.lastIndexOf('/')
  const [told, createdAt, updatedAt, state = ''] = name.slice(cut + 1, -'.json'.length).split('_')
  return {
    name,
    subject: name.slice(0, cut),
    told: Number(told),
    createdAt: Number(createdAt),
    updatedAt: Number(updatedAt),
    state,
  }
}

/** Of each subject the outline that knows most. */
function newestOf(names: readonly string[]): OutlineParts[] {
  const newest = new Map<string, OutlineParts>()
  for (const parts of names.map(partsOf)) {
    const known = newest.get(parts.subject)
    if (known === undefined || known.told < parts.told) newest.set(parts.subject, parts)
  }
  return [...newest.values()]
}

function mayFit({ state, createdAt }: OutlineParts, { state: asked, from, until }: OutlineFilter): boolean {
  return (
    (asked === null || state === asked) &&
    (from === null || createdAt >= from) &&
    (until === null || createdAt < until)
  )
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'EntityTooLarge'
}
