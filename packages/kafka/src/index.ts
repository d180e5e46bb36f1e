// The public names of the Kafka bus.
export { kafkaTransport } from './transport.ts'
export type { KafkaTransport } from './transport.ts'
export type { KafkaTold, Lag } from './diagnostics.ts'
export { KafkaError } from './errors.ts'
export type { KafkaErrorCode } from './errors.ts'
export type { Place, Position } from './lanes.ts'
export type { KafkaOptions, KafkaSettings, Sasl } from './settings.ts'
