// Owns: the programs that may ask for tokens: what they are, and how the API shows them. Pure.
// I1: what is shown has no secret and no hash; the secret is in the answer that made the client, and never again.
// I2: only a client of our own may bring a user's password, for another would learn it.
import type { Time } from '@ensemble/core'
import { momentOf } from '@ensemble/service-contracts'
import type { AdapterPayload } from 'oidc-provider'
import * as z from 'zod'

/** What any client with a page may ask its users for; for more it must have it itself. */
const FOR_USERS = ['openid', 'offline_access', 'user:own', 'order:own', 'payment:own']

export interface ShownClient {
  readonly rowId: string
  readonly uuid: string
  readonly name: string
  /** `client_id` of OAuth. */
  readonly key: string
  /** What it may do for itself. */
  readonly permissions: readonly string[]
  readonly isFirstParty: boolean
  readonly redirectUrl: string
  readonly createdAt: Time
  readonly updatedAt: Time
}

export interface Client extends ShownClient {
  /** A PHC string. */
  readonly secretHash: string
}

/** A client as the contract shows it, in its spelling. */
export const ClientShown = z.object({
  ID: z.string(),
  ClientName: z.string(),
  ClientKey: z.string(),
  ClientPUblicKey: z.string().describe('Where the public keys of all tokens are'),
  Scope: z.string().describe('What it may do for itself'),
  IsActive: z.boolean(),
  IsFirtsParty: z.boolean().describe('Whether it may log users in with their passwords'),
  RedirectUrls: z.string(),
  CreatedAt: z.iso.datetime(),
  UpdatedAt: z.iso.datetime(),
  DeletedAt: z.null(),
})

export const ClientMade = ClientShown.extend({
  ClientSecret: z.string().describe('Shown here only: what is kept of it is a hash'),
})

export function clientShown(client: ShownClient, keysUrl: string): z.infer<typeof ClientShown> {
  return {
    ID: client.rowId,
    ClientName: client.name,
    ClientKey: client.key,
    ClientPUblicKey: keysUrl,
    Scope: client.permissions.join(' '),
    IsActive: true,
    IsFirtsParty: client.isFirstParty,
    RedirectUrls: client.redirectUrl,
    CreatedAt: momentOf(client.createdAt),
    UpdatedAt: momentOf(client.updatedAt),
    DeletedAt: null,
  }
}

/** Where browsers may be sent with a code: by HTTPS, or on this machine; never with more than an address. */
export function isCallback(url: string): boolean {
  const { protocol, hostname, username, password, hash } = new URL(url)
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return (
    `${username}${password}${hash}` === '' && (protocol === 'https:' || (protocol === 'http:' && isLocal))
  )
}

/** A client as oidc-provider knows it. `password` is no grant of OAuth 2.1; ADR 14 says why it is here. */
export function metadataOf(client: Client): AdapterPayload {
  const { key, name, secretHash, permissions, isFirstParty, redirectUrl } = client
  const hasPage = redirectUrl !== '' && isCallback(redirectUrl)
  const scope = hasPage ? [...new Set([...permissions, ...FOR_USERS])] : permissions
  return {
    client_id: key,
    client_name: name,
    client_secret: secretHash,
    is_first_party: isFirstParty,
    permissions: permissions.join(' '),
    grant_types: [
      'client_credentials',
      ...(isFirstParty ? ['password'] : []),
      ...(hasPage ? ['authorization_code'] : []),
      ...(isFirstParty || hasPage ? ['refresh_token'] : []),
    ],
    ...(scope.length > 0 && { scope: scope.join(' ') }),
    redirect_uris: hasPage ? [redirectUrl] : [],
    post_logout_redirect_uris: hasPage ? [...new Set([redirectUrl, new URL('/', redirectUrl).href])] : [],
    response_types: hasPage ? ['code'] : [],
    // The other ways need a script in the browser.
    response_modes: ['query'],
  }
}
