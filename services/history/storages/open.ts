// Owns: opening the facts' store that the settings choose.
// I1: only the client that is chosen is loaded: they are large.
import type { HistoryPlace } from '@ensemble/service'
import type { FactStore } from './folded.ts'

export type PlaceOf<Storage extends HistoryPlace['storage']> = Extract<
  HistoryPlace,
  { readonly storage: Storage }
>

/** Connects at the first use: a storage that is away does not keep the service from starting. */
export async function openFacts(place: Exclude<HistoryPlace, { storage: 'postgres' }>): Promise<FactStore> {
  switch (place.storage) {
    case 'mongo':
      return (await import('./mongo.ts')).mongoFacts(place)
    case 'elasticsearch':
    case 'opensearch': {
      const { searchFacts } = await import('./search.ts')
      const engine =
        place.storage === 'opensearch'
          ? (await import('./opensearch.ts')).openSearchEngine(place)
          : (await import('./elasticsearch.ts')).elasticsearchEngine(place)
      return searchFacts(engine, place.prefix)
    }
    case 's3':
      return (await import('./s3.ts')).s3Facts(place)
    default:
      return place satisfies never
  }
}
