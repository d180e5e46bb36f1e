// Owns: where the tests of a storage find it: the settings that the service itself reads.
import { readEnvironment, type HistoryPlace } from '@ensemble/service'

type Elsewhere = Exclude<HistoryPlace['storage'], 'postgres'>

const NEEDED: Readonly<Record<Elsewhere, string>> = {
  mongo: 'HISTORY_MONGO_URL',
  elasticsearch: 'HISTORY_ELASTICSEARCH_URL',
  opensearch: 'HISTORY_OPENSEARCH_URL',
  s3: 'HISTORY_S3_BUCKET',
}

/** Whether a server of it was had. */
export function isThere(storage: Elsewhere): boolean {
  return process.env[NEEDED[storage]] !== undefined
}

export function placeOf<Storage extends Elsewhere>(
  storage: Storage,
): Extract<HistoryPlace, { readonly storage: Storage }> {
  const env = { ...process.env, HISTORY_STORAGE: storage }
  const { place } = readEnvironment({ env, services: [] }).history
  return place as Extract<HistoryPlace, { readonly storage: Storage }>
}

let worlds = 0

/** A name that nobody has used, so that each scene has a storage of its own. */
export function freshName(): string {
  worlds += 1
  return `t${crypto.randomUUID().slice(0, 8)}-${worlds}`
}
