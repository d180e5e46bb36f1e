// Owns: the programs that may ask for tokens: what they are, and how the API shows them. Pure.
// I1: what is shown has no secret and no hash; the secret is in the answer that made the client, and never again.
// I2: only a client of our own may bring a user's password, for another would learn it.
import type { Time } from '@ensemble/core'
import { momentOf } from '@ensemble/service-contracts'
import * as z from 'zod'

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

/** Grants of OAuth. `password` is none of OAuth 2.1; ADR 14 says why it is here. */
export function grantTypesOf({ isFirstParty }: Pick<Client, 'isFirstParty'>): string[] {
  return isFirstParty ? ['client_credentials', 'password', 'refresh_token'] : ['client_credentials']
}
