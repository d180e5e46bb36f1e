// Owns: where the engine's and the log bus's migrations are.

/** Tables of the engine, for the schema of every service. */
export const ENGINE_MIGRATIONS = new URL('../migrations/', import.meta.url)

/** Tables of the log bus, for its own schema. */
export const BUS_MIGRATIONS = new URL('../migrations-bus/', import.meta.url)
