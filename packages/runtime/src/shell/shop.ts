// Owns: what the verbs of one participant share, made once when its host starts.
import { EnsembleError } from '../errors.ts'
import type { Shop } from '../perform/answer.ts'
import type { Service } from '../perform/work.ts'
import type { PlanBook } from '../plans.ts'
import type { Ids } from '../ports.ts'
import type { Settings } from './settings.ts'

export function shopOf(
  own: Service,
  { plans, settings, ids }: { plans: PlanBook; settings: Settings; ids: Ids },
): Shop {
  return {
    service: own.name,
    plans,
    retry: settings.retry,
    chance: () => ids.chance(),
    refOf: (request) => {
      const handler = own.handlers.get(request)
      if (handler === undefined)
        throw new EnsembleError('CONTRACT_UNKNOWN', `'${own.name}' does not know the request '${request}'`)
      return handler.ref
    },
  }
}
