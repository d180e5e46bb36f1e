// The surface of @ensemble/service: how services of the reference system are described, configured and run.
export type {
  Config,
  HistoryConfig,
  HistoryPlace,
  PeerAnswer,
  PeerRequest,
  Peers,
  Platform,
  RunningService,
  ServiceModule,
  StartTold,
} from './module.ts'
export { EnvironmentError, isLoopback, readEnvironment, variableOf } from './config.ts'
export { readConsulSettings } from './config.ts'
export { consulAt } from './consul/client.ts'
export type { ConsulSettings } from './consul/member.ts'
export type { LiveEnvironment } from './consul/settings.ts'
export { settingsIn } from './consul/settings.ts'
export type { AuthSettings, Environment, Given } from './config.ts'
export type { TracingSettings } from './tracing-config.ts'
export { EDGE_DEFAULT } from './edge-config.ts'
export type { EdgeSettings } from './edge-config.ts'
export type { NotificationSettings, Operator, ProviderSettings } from './notification-config.ts'
export { BUS, findPlaces, makePlaces, migrateBus, migrateService, PlaceUnknown } from './places.ts'
export type { Layout, Place, Places, Step } from './places.ts'
export { startSystem } from './run.ts'
export type { RunningSystem, ServiceHandle, SystemOptions } from './run.ts'
export { peersUnset } from './peers.ts'
export { wordsOf } from './refusals.ts'
export { untilStopped } from './signals.ts'
export type { Program } from './signals.ts'
