// Owns: the settings of history's storage out of the environment.
// I1: a storage that is not chosen reads nothing: its variables may be there or not.
// I2: a password or a key never shows in what is said about it.
import { existsSync } from 'node:fs'
import { spanMs } from '@ensemble/core'
import * as z from 'zod'
import type { HistoryConfig, HistoryPlace } from './module.ts'
import type { Read } from './kafka-config.ts'

const STORAGES = ['postgres', 'mongo', 'elasticsearch', 'opensearch', 's3'] as const
const DAY_MS = 86_400_000
/** A message may be delivered again for this long; what was forgotten would come back then. */
const RETENTION_MS_MIN = 30 * DAY_MS

const PREFIX = 'HISTORY_INDEX_PREFIX'

const MongoUrl = z.string().regex(/^mongodb(?:\+srv)?:\/\/[^\s/]+/)
const HttpUrls = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.array(z.url({ protocol: /^https?$/ })))
const HttpUrl = z.url({ protocol: /^https?$/ })
const DatabaseName = z.string().regex(/^[\w-]{1,38}$/)
const IndexPrefix = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,99}$/)
const Bucket = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
const ObjectPrefix = z.string().regex(/^[\w./-]{0,200}$/)
const Fields = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.array(z.string().regex(/^\w[\w-]{0,63}$/)))
const File = z.string().refine((path) => existsSync(path))
const Text = z.string().optional()
const Retention = z.string().transform((text, context) => {
  try {
    const ms = spanMs(text)
    if (ms >= RETENTION_MS_MIN) return ms
  } catch {
    // Told below, with the fix.
  }
  context.addIssue('is no span of 30d or more')
  return z.NEVER
})

/** `problems` gets what cannot be said of one variable alone. */
export function readHistory(read: Read, problems: string[]): HistoryConfig {
  return {
    place: readPlace(read, problems),
    retentionMs: read<number | null>(
      'HISTORY_RETENTION',
      Retention,
      null,
      'set a span of 30d or more: until then a message may be delivered again, and would come back',
    ),
    redact: read<readonly string[]>(
      'HISTORY_REDACT',
      Fields,
      [],
      'set names of fields with commas between them, such as handphone,address',
    ),
  }
}

function readPlace(read: Read, problems: string[]): HistoryPlace {
  const storage = read('HISTORY_STORAGE', z.enum(STORAGES), 'postgres', `set ${STORAGES.join(', ')}`)
  const text = (name: string) => read<string | undefined>(name, Text, undefined, 'set it')
  const needed = <T>(name: string, schema: z.ZodType<T>, fix: string): T | undefined => {
    const before = problems.length
    const value = read<T | undefined>(name, schema, undefined, fix)
    if (value === undefined && problems.length === before)
      problems.push(`${name}: is missing with HISTORY_STORAGE=${storage}; ${fix}`)
    return value
  }
  const search = (name: 'ELASTICSEARCH' | 'OPENSEARCH') => ({
    nodes: needed(`HISTORY_${name}_URL`, HttpUrls, 'set a URL such as http://search:9200, or several') ?? [],
    prefix: read(PREFIX, IndexPrefix, 'ensemble-history', 'set lower-case letters, digits, dots, dashes'),
    ...given({
      username: text(`HISTORY_${name}_USERNAME`),
      password: text(`HISTORY_${name}_PASSWORD`),
      caFile: read<string | undefined>(`HISTORY_${name}_CA`, File, undefined, 'set the path of a PEM file'),
    }),
  })
  switch (storage) {
    case 'postgres':
      return { storage }
    case 'mongo':
      return {
        storage,
        url:
          needed('HISTORY_MONGO_URL', MongoUrl, 'set a URL such as mongodb://user:password@mongo:27017') ??
          '',
        database: read(
          'HISTORY_MONGO_DATABASE',
          DatabaseName,
          'ensemble_history',
          'set a name of a database',
        ),
      }
    case 'elasticsearch':
      return {
        storage,
        ...search('ELASTICSEARCH'),
        ...given({ apiKey: text('HISTORY_ELASTICSEARCH_API_KEY') }),
      }
    case 'opensearch':
      return { storage, ...search('OPENSEARCH') }
    case 's3':
      return {
        storage,
        bucket: needed('HISTORY_S3_BUCKET', Bucket, 'set the name of a bucket that is there') ?? '',
        prefix: read('HISTORY_S3_PREFIX', ObjectPrefix, '', 'set letters, digits, dots, dashes and slashes'),
        region: text('HISTORY_S3_REGION') ?? 'us-east-1',
        ...given({
          endpoint: read<string | undefined>(
            'HISTORY_S3_ENDPOINT',
            HttpUrl,
            undefined,
            'set an http or https URL',
          ),
          ...s3Keys(text, problems),
        }),
      }
    default:
      return storage satisfies never
  }
}

function s3Keys(text: (name: string) => string | undefined, problems: string[]) {
  const names = ['HISTORY_S3_ACCESS_KEY', 'HISTORY_S3_SECRET_KEY'] as const
  const [accessKeyId, secretAccessKey] = [text(names[0]), text(names[1])]
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    problems.push(
      `${names.join(' and ')}: only one is set; set both, or none to have them found as Amazon's tools do`,
    )
  return { accessKeyId, secretAccessKey }
}

/** Without what was not set. */
function given<Values extends Readonly<Record<string, string | undefined>>>(
  values: Values,
): { [Name in keyof Values]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Values]?: string
  }
}
