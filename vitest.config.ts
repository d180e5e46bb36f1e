// Owns: the tiers of tests by suffix. `*.type.test.ts` is in none of them: tsc checks those, nothing in them runs.
// I1: pure test files share their modules (30 files: 0.6 s instead of 4.8 s), so no test keeps state in a module.
// I2: tiers run one after the other (groupOrder), so real servers never share the machine with the pure tier.
// 0 is not used: vitest moves single-worker projects of order 0 to the end.
import { defineConfig } from 'vitest/config'

const NEVER = ['**/node_modules/**', '**/dist/**', '.ensemble/**', '.tmp/**']
const OTHER_TIERS = [
  '**/*.io.test.ts',
  '**/*.e2e.test.ts',
  '**/*.long.test.ts',
  '**/*.kafka.test.ts',
  '**/*.storage.test.ts',
  '**/*.type.test.ts',
]

// Two real servers at a time are what a machine with two cores starts within the time-outs.
const IO_WORKERS_MAX = 2

const KAFKA = {
  test: {
    name: 'kafka',
    include: ['**/*.kafka.test.ts'],
    exclude: NEVER,
    testTimeout: 240_000,
    hookTimeout: 240_000,
    fileParallelism: false,
    sequence: { groupOrder: 4 },
  },
}

const STORAGES = {
  test: {
    name: 'storages',
    include: ['**/*.storage.test.ts'],
    exclude: NEVER,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    sequence: { groupOrder: 5 },
  },
}

const LONG = {
  test: {
    name: 'long',
    include: ['**/*.long.test.ts'],
    exclude: NEVER,
    testTimeout: 240_000,
    hookTimeout: 240_000,
    fileParallelism: false,
    sequence: { groupOrder: 6 },
  },
}

export default defineConfig({
  test: {
    teardownTimeout: 30_000,
    projects: [
      {
        test: {
          name: 'pure',
          isolate: false,
          include: ['**/*.test.ts'],
          exclude: [...NEVER, ...OTHER_TIERS],
          testTimeout: 10_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'io',
          include: ['**/*.io.test.ts'],
          exclude: NEVER,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: IO_WORKERS_MAX,
          sequence: { groupOrder: 2 },
        },
      },
      // Only where there is a broker: `npm run test:kafka` starts one and says where it is.
      ...(process.env['KAFKA_BROKERS'] === undefined ? [] : [KAFKA]),
      // Whole clusters that are killed, and models beside servers: with `npm run test:long` and in CI.
      ...(process.env['ENSEMBLE_LONG'] === undefined ? [] : [LONG]),
      // Only where somebody says that there are servers: `npm run test:storages` starts some.
      ...(process.env['ENSEMBLE_STORAGES'] === undefined ? [] : [STORAGES]),
      {
        test: {
          name: 'e2e',
          include: ['**/*.e2e.test.ts'],
          exclude: NEVER,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
