// Owns: the settings files of a broker of one's own. Pure.
// I1: everything listens on loopback only.
// I2: with three brokers a write is on two of them before it is acknowledged, so any one of them may die.

export interface Node {
  /** From 1 on. */
  readonly id: number
  readonly port: number
  readonly controllerPort: number
}

const LOOPBACK = '127.0.0.1'
/** As many as tests have groups at work; Kafka's default of 50 makes a small broker slow to start. */
const OFFSETS_PARTITIONS = 3
const REPLICAS_MAX = 3
const SESSION_MS_MIN = 1_000
/** A broker that was killed may register again only when its old session is over. */
const BROKER_SESSION_MS = 2_000
const BROKER_HEARTBEAT_MS = 500

export function propertiesOf(node: Node, nodes: readonly Node[], logDirectory: string): string {
  const replicas = Math.min(nodes.length, REPLICAS_MAX)
  const inSync = Math.max(1, replicas - 1)
  const plain = `PLAINTEXT://${LOOPBACK}:${node.port}`
  const voters = nodes.map(({ id, controllerPort }) => `${id}@${LOOPBACK}:${controllerPort}`)
  const settings: Readonly<Record<string, string | number | boolean>> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': voters.join(','),
    listeners: `${plain},CONTROLLER://${LOOPBACK}:${node.controllerPort}`,
    'advertised.listeners': plain,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': logDirectory,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.num.partitions': OFFSETS_PARTITIONS,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'broker.session.timeout.ms': BROKER_SESSION_MS,
    'broker.heartbeat.interval.ms': BROKER_HEARTBEAT_MS,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': SESSION_MS_MIN,
    'auto.create.topics.enable': false,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  return `${lines.join('\n')}\n`
}

export const LOG_SETTINGS = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN">
  <Appenders>
    <Console name="console" target="SYSTEM_OUT"><PatternLayout pattern="%d %p %c{1}: %m%n"/></Console>
  </Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="console"/></Root></Loggers>
</Configuration>
`
