// Owns: the 64-bit ids that rows show beside their uuid (`id_order`, `id_payment`, `id_user`).
// I1: the id follows from the uuid. So rows are inserted in bulk without asking a sequence (CockroachDB's are slow, its
// `unique_rowid()` PostgreSQL lacks), both databases give the same id, and a repeated insert meets its own key.

const POSITIVE_INT8 = 0x7fff_ffff_ffff_ffffn

/** Both halves of the uuid folded into 63 bits: two of ten million random uuids meet with odds of about 1 in 10^5. */
export function rowIdOf(uuid: string): string {
  const hex = uuid.replaceAll('-', '')
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new TypeError(`'${uuid}' is not a uuid`)
  const folded = BigInt(`0x${hex.slice(0, 16)}`) ^ BigInt(`0x${hex.slice(16)}`)
  return (folded & POSITIVE_INT8).toString()
}
