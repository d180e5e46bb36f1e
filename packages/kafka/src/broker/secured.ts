// Owns: what a broker needs to listen with TLS and SASL beside: a key, a certificate that signs itself, and one user.
// I1: a client that is not given the certificate trusts nothing here: no machine's authorities know it.
// I2: passwords are random, made with the cluster, and in files of its folder only.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Listener } from './properties.ts'

const run = promisify(execFile)

const ALIAS = 'broker'
const KEYTOOL_MS_MAX = 60_000
const PASSWORD_BYTES = 16
const USERNAME = 'ensemble'
const VALID_DAYS = 30

/** How a client gets in. */
export interface Secured {
  readonly username: string
  readonly password: string
  /** Path of the certificate that it must trust, PEM. */
  readonly ca: string
}

/** For all brokers of a cluster: they have one address. */
export async function secure(directory: string): Promise<Secured & Omit<Listener, 'port'>> {
  const [storePassword, password] = [secret(), secret()]
  const [store, ca] = [join(directory, 'broker.p12'), join(directory, 'ca.pem')]
  const at = ['-alias', ALIAS, '-keystore', store, '-storetype', 'PKCS12', '-storepass', storePassword]
  const key = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', String(VALID_DAYS)]
  const named = ['-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1', '-ext', 'bc:c=ca:true']
  await keytool(['-genkeypair', ...at, ...key, ...named])
  await keytool(['-exportcert', '-rfc', ...at, '-file', ca])
  return { username: USERNAME, password, ca, store, storePassword }
}

/** What `format` is told, because SCRAM's users are kept with the cluster's data. */
export function scramArguments({ username, password }: Secured): readonly string[] {
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${username},password=${password}]`,
  ])
}

function secret(): string {
  return randomBytes(PASSWORD_BYTES).toString('hex')
}

async function keytool(args: readonly string[]): Promise<void> {
  await run('keytool', [...args], { timeout: KEYTOOL_MS_MAX })
}
