// Programs that are given a database nobody answers for: one line, exit 1.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

test.each([
  ['npm start', ['apps/all-in-one/main.ts'], 'DATABASE_URL'],
  ['npm run service', ['scripts/service.ts', 'order'], 'DATABASE_URL'],
  ['npm run service', ['scripts/service.ts', 'order'], 'ORDER_DATABASE_URL'],
  ['npm run migrate', ['scripts/migrate.ts', 'order', 'up'], 'ORDER_DATABASE_URL'],
])('%s (%j) with a %s that nobody answers says so in one line', (_name, args, variable) => {
  const { PATH } = process.env
  const env = { PATH, PORT: '0', [variable]: 'postgres://me:hush@127.0.0.1:1/ensemble' }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' })
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr:
      `${variable}: cannot connect to 127.0.0.1:1 (connect ECONNREFUSED 127.0.0.1:1): ` +
      'start that server or correct the variable\n',
  })
})
