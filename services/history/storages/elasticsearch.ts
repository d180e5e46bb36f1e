// Owns: reaching Elasticsearch by its official client, which refuses anything that only resembles it.
import { readFileSync } from 'node:fs'
import { Client } from '@elastic/elasticsearch'
import { CALL_MS_MAX } from './failures.ts'
import type { PlaceOf } from './open.ts'
import type { SearchEngine } from './search.ts'

export function elasticsearchEngine(place: PlaceOf<'elasticsearch'>): SearchEngine {
  const { nodes, apiKey, username, password = '', caFile } = place
  const client = new Client({
    nodes: [...nodes],
    requestTimeout: CALL_MS_MAX,
    maxRetries: 1,
    ...(apiKey !== undefined && { auth: { apiKey } }),
    ...(apiKey === undefined && username !== undefined && { auth: { username, password } }),
    ...(caFile !== undefined && { tls: { ca: readFileSync(caFile) } }),
  })
  return {
    name: 'Elasticsearch',
    request: async ({ method, path, query, body, lines }) => {
      const { statusCode: status, body: answer } = await client.transport.request(
        {
          method,
          path,
          ...(query !== undefined && { querystring: query }),
          ...(body !== undefined && { body }),
          ...(lines !== undefined && { bulkBody: [...lines] }),
        },
        { meta: true, ignore: STATUSES },
      )
      return { status, body: answer }
    },
    close: () => client.close(),
  }
}

/** Of answers that are read here, and are no failure to answer. */
const STATUSES = [400, 401, 403, 404, 409, 413, 429]
