// Owns: the type of the part of the driver that its own types leave out.
declare module 'pg/lib/utils.js' {
  /** A value as the driver sends it: text, bytes, or null. */
  const utils: { readonly prepareValue: (value: unknown) => string | Buffer | null }
  export default utils
}
