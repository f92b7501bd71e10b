/**
 * B7: bundles as they are kept and handed on in bulk, without a CBOR item for each statement. All numbers are u32, big-endian.
 */

/** A bundle's body: count, then length and bytes of each statement. */
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

/** Throws RangeError when the blob is damaged. The statements share its memory. */
export function unpackStatements(packed: Uint8Array): readonly Uint8Array[] {
  const [count, ...statements] = [readUint32(packed, 0), ...parts(packed, 4)];
  if (count !== statements.length) throw new RangeError(`${count} statements are announced, ${statements.length} came`);
  return statements;
}

/** Consecutive bundles: of each the length and bytes of its COSE_Sign1, then of its packed body. */
export function packBundles(bundles: readonly { readonly cose: Uint8Array; readonly body: Uint8Array }[]): Uint8Array {
  const packed = new Uint8Array(bundles.reduce((sum, { cose, body }) => sum + 8 + cose.length + body.length, 0));
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const part of bundles.flatMap(({ cose, body }) => [cose, body])) {
    view.setUint32(at, part.length);
    packed.set(part, at + 4);
    at += 4 + part.length;
  }
  return packed;
}

export type PackedBundle = { readonly cose: Uint8Array; readonly statements: readonly Uint8Array[] };

/** Throws RangeError for bytes that are not from `packBundles`. What it gives shares their memory. */
export function unpackBundles(packed: Uint8Array): readonly PackedBundle[] {
  const all = parts(packed, 0);
  if (all.length % 2 !== 0) throw new RangeError("the last bundle has no body");
  return all.flatMap((cose, index) =>
    index % 2 === 0 ? [{ cose, statements: unpackStatements(all[index + 1] ?? new Uint8Array()) }] : [],
  );
}

/** The same for bytes that anybody may have made: null when they are no pack. */
export function openBundles(packed: Uint8Array): readonly PackedBundle[] | null {
  try {
    return unpackBundles(packed);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Length-prefixed parts to the end of the bytes. */
function parts(packed: Uint8Array, start: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = start; at < packed.length; ) {
    const end = at + 4 + readUint32(packed, at);
    if (end > packed.length) throw new RangeError("a part is longer than what came");
    found.push(packed.subarray(at + 4, end));
    at = end;
  }
  return found;
}

function readUint32(packed: Uint8Array, at: number): number {
  const [a, b, c, d] = [packed[at], packed[at + 1], packed[at + 2], packed[at + 3]];
  if (a === undefined || b === undefined || c === undefined || d === undefined)
    throw new RangeError("a length is cut off");
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
