// Owns: loading this package's statements by name. Does not own their text (sql/).
import { sqlFolder } from '../database/statement.ts'

export const statement = sqlFolder(new URL('../../sql/', import.meta.url))
