// Owns: the list of services of the reference system, in the order of their start: who starts sagas comes last.
import type { ServiceModule } from '@ensemble/service'
import { auth } from '@ensemble/service-auth'
import { gateway } from '@ensemble/service-gateway'
import { history } from '@ensemble/service-history'
import { notification } from '@ensemble/service-notification'
import { orchestrator } from '@ensemble/service-orchestrator'
import { order } from '@ensemble/service-order'
import { payment } from '@ensemble/service-payment'
import { user } from '@ensemble/service-user'

export const SERVICES: readonly ServiceModule[] = [
  auth,
  history,
  notification,
  user,
  order,
  payment,
  orchestrator,
  gateway,
]

export const SERVICE_NAMES: readonly string[] = SERVICES.map(({ name }) => name)
