// A real Apache Kafka of one's own, without Docker: for tests and for trying things out, never for production.
export { createCluster, findCluster } from './cluster.ts'
export type { BrokerCluster, BrokerStatus, ClusterOptions } from './cluster.ts'
export { freePorts } from './ports.ts'
export { BrokerError, isBrokerUnavailable } from './errors.ts'
export { checkJava, KAFKA_VERSION, kafkaJars } from './jars.ts'
/** What other servers of one's own need too. */
export { mavenJars } from './jars.ts'
export { endServer, isServer, waitFor } from './process.ts'
