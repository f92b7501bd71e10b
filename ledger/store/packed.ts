/** The statements of a bundle in one blob: u32 count, then u32 length and bytes of each, big-endian. */
export function packStatements(statements: readonly Uint8Array[]): Uint8Array {
  const packed = new Uint8Array(4 + statements.reduce((sum, statement) => sum + 4 + statement.length, 0));
  const view = new DataView(packed.buffer);
  view.setUint32(0, statements.length);
  let at = 4;
  for (const statement of statements) {
    view.setUint32(at, statement.length);
    packed.set(statement, at + 4);
    at += 4 + statement.length;
  }
  return packed;
}

/** Throws when the blob is damaged. The statements share its memory. */
export function unpackStatements(packed: Uint8Array): Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const count = view.getUint32(0);
  const statements: Uint8Array[] = [];
  let at = 4;
  for (let index = 0; index < count; index += 1) {
    const end = at + 4 + view.getUint32(at);
    if (end > packed.length) throw new Error("stored statements are damaged: one is longer than its blob");
    statements.push(packed.subarray(at + 4, end));
    at = end;
  }
  if (at !== packed.length) throw new Error("stored statements are damaged: bytes are left over");
  return statements;
}
