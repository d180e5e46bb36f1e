// What the pure tests of a service share. What needs a real server is in database.ts and system.ts, on paths of their
// own, so that these tests load no adapter.
export { FRESH_ID, hostAnswering, ids, NOW, serverOf, testClock } from './server.ts'
export type { Asked } from './server.ts'
export { lookedUp, noRows, seededBy } from './wiring.ts'
