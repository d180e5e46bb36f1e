// Owns: the settings files of a broker of one's own. Pure.
// I1: everything listens on loopback only.
// I2: with three brokers a write is on two of them before it is acknowledged, so any one of them may die.

export interface Node {
  /** From 1 on. */
  readonly id: number
  readonly port: number
  readonly controllerPort: number
  /** Beside, with TLS and SASL. */
  readonly secured?: Listener
}

export interface Listener {
  readonly port: number
  /** Path of a PKCS #12 file with the broker's key. */
  readonly store: string
  readonly storePassword: string
  readonly username: string
  readonly password: string
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
  const { secured } = node
  const client = secured === undefined ? plain : `${plain},SECURED://${LOOPBACK}:${secured.port}`
  const protocols = ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', 'SECURED:SASL_SSL']
  const settings: Readonly<Record<string, string | number | boolean>> = {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': voters.join(','),
    listeners: `${client},CONTROLLER://${LOOPBACK}:${node.controllerPort}`,
    'advertised.listeners': client,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': protocols.join(','),
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
    ...(secured !== undefined && listenerOf(secured)),
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  return `${lines.join('\n')}\n`
}

function listenerOf({
  store,
  storePassword,
  username,
  password,
}: Listener): Readonly<Record<string, string>> {
  const security = 'org.apache.kafka.common.security'
  const own = (mechanism: string, name: string): string =>
    `listener.name.secured.${mechanism.toLowerCase()}.${name}`
  return {
    'listener.name.secured.ssl.keystore.type': 'PKCS12',
    'listener.name.secured.ssl.keystore.location': store,
    'listener.name.secured.ssl.keystore.password': storePassword,
    'listener.name.secured.ssl.key.password': storePassword,
    'listener.name.secured.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [own('PLAIN', 'sasl.jaas.config')]:
      `${security}.plain.PlainLoginModule required user_${username}="${password}";`,
    [own('SCRAM-SHA-256', 'sasl.jaas.config')]: `${security}.scram.ScramLoginModule required;`,
    [own('SCRAM-SHA-512', 'sasl.jaas.config')]: `${security}.scram.ScramLoginModule required;`,
  }
}

export const LOG_SETTINGS = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN">
  <Appenders>
    <Console name="console" target="SYSTEM_OUT"><PatternLayout pattern="%d %p %c{1}: %m%n"/></Console>
  </Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="console"/></Root></Loggers>
</Configuration>
`
