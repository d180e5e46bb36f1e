// What main.ts and tests of the user service are made of.
export { userImplementation } from './handlers.ts'
export { userRoutes } from './http.ts'
export type { UserHttp } from './http.ts'
export type { User } from './user.ts'
export { userReads, userRows } from './user-store.ts'
export type { UserReads } from './user-store.ts'
