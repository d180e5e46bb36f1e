// Owns: how a host orchestrates. Whoever decides in transactions of its own (its receiver, its starter) has an office;
// all share what the host remembers of its sagas.
import type { AdvanceOptions } from '../advance/advance.ts'
import { Recollection, SagaMemory } from '../advance/recollection.ts'
import type { PerformOptions } from '../perform/perform.ts'
import type { Clock } from '../ports.ts'
import type { Settings } from './settings.ts'

export function officeOf({
  perform: { shop, stores, horizonCheckedBefore },
  settings: { overdueAfterMs },
  clock,
  onDue,
}: {
  readonly perform: PerformOptions
  readonly settings: Settings
  readonly clock: Clock
  readonly onDue: () => void
}): () => AdvanceOptions {
  const memory = new SagaMemory(clock)
  return () => ({
    office: { ...shop, overdueAfterMs },
    stores,
    sagas: new Recollection(stores.sagas, memory),
    horizonCheckedBefore,
    onDue,
  })
}
