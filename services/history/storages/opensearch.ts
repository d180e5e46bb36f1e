// Owns: reaching OpenSearch by its own client.
import { readFileSync } from 'node:fs'
import { Client } from '@opensearch-project/opensearch'
import { CALL_MS_MAX } from './failures.ts'
import type { PlaceOf } from './open.ts'
import type { SearchEngine } from './search.ts'

export function openSearchEngine({
  nodes,
  username,
  password = '',
  caFile,
}: PlaceOf<'opensearch'>): SearchEngine {
  const client = new Client({
    nodes: [...nodes],
    requestTimeout: CALL_MS_MAX,
    maxRetries: 1,
    ...(username !== undefined && { auth: { username, password } }),
    ...(caFile !== undefined && { ssl: { ca: readFileSync(caFile) } }),
  })
  return {
    name: 'OpenSearch',
    request: async ({ method, path, query, body, lines }) => {
      const answer = await client.transport.request(
        {
          method,
          path,
          ...(query !== undefined && { querystring: query }),
          ...(body !== undefined && { body }),
          ...(lines !== undefined && { bulkBody: [...lines] }),
        },
        { ignore: STATUSES },
      )
      return { status: answer.statusCode ?? 0, body: answer.body }
    },
    close: () => client.close(),
  }
}

/** Of answers that are read here, and are no failure to answer. */
const STATUSES = [400, 401, 403, 404, 409, 413, 429]
