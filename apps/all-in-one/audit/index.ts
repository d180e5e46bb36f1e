// What crash and chaos runs share: customers who load the system, its books, and what must be true of them.
export { openBooks } from './books.ts'
export type { Books, BooksOptions, Facts, Row } from './books.ts'
export { chanceOf } from './chance.ts'
export type { Chance } from './chance.ts'
export { now, poll, sleep } from './clock.ts'
export { customers } from './customers.ts'
export type { Crowd, Load } from './customers.ts'
export { verdict } from './verdict.ts'
