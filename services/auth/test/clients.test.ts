// Which addresses a client may have, and what oidc-provider is told of a client.
import { expect, test } from 'vitest'
import { isCallback, metadataOf, type Client } from '../clients.ts'

test.each([
  ['https://app.example/callback', true],
  ['http://localhost:3000/', true],
  ['http://127.0.0.1/x', true],
  ['http://[::1]:9/x', true],
  ['http://app.example/', false],
  ['http://localhost.evil.example/', false],
  ['https://user@app.example/', false],
  ['https://app.example/#part', false],
  ['javascript:alert(1)', false],
])('%s: %s', (url, is) => {
  expect(isCallback(url)).toBe(is)
})

const client: Client = {
  rowId: '1',
  uuid: '00000000-0000-4000-8000-000000000001',
  name: 'shop',
  key: 'shop',
  secretHash: '$argon2id$',
  permissions: ['order:read'],
  isFirstParty: false,
  redirectUrl: '',
  createdAt: 0,
  updatedAt: 0,
}

test('given a client without an address, then it asks for itself alone', () => {
  expect(metadataOf(client)).toMatchObject({
    grant_types: ['client_credentials'],
    scope: 'order:read',
    redirect_uris: [],
    response_types: [],
  })
})

test('given a client with an address, then it may ask its users for what is theirs, not more for itself', () => {
  expect(metadataOf({ ...client, redirectUrl: 'https://app.example/in' })).toMatchObject({
    grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
    permissions: 'order:read',
    scope: 'order:read openid offline_access user:own order:own payment:own',
    redirect_uris: ['https://app.example/in'],
    post_logout_redirect_uris: ['https://app.example/in', 'https://app.example/'],
    response_types: ['code'],
  })
})

test('given a client from before that has an address nobody may be sent to, then it has no page', () => {
  expect(metadataOf({ ...client, redirectUrl: 'http://app.example/in' })).toMatchObject({
    response_types: [],
  })
})
