// Owns: the first call of somebody who has just started the system.

const USER = {
  first_name: 'test',
  // Another one at each start: an address belongs to one user, and the data is kept.
  email: `mail${process.pid}@testing.com`,
  handphone: '6281247930699',
  address: 'Address',
}

export function callToTry(url: string, isGuarded: boolean): string {
  if (isGuarded)
    return `for a token: curl ${url}/oauth/token -u admin:$AUTH_ADMIN_SECRET -d grant_type=client_credentials`
  return `try: curl ${url}/v1/user -H 'content-type: application/json' -d '${JSON.stringify(USER)}'`
}
