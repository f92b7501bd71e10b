import { inclusionProof, leafHash, nodeHash } from "../log/index.ts";

/** B4, M3: the path from statement `index` to the root of its bundle. */
export function pathInBundle(statements: readonly Uint8Array[], index: number): Uint8Array[] {
  const rows: Uint8Array[][] = [statements.map(leafHash)];
  for (let row = rows[0] ?? []; row.length > 1; row = rows.at(-1) ?? []) {
    const above: Uint8Array[] = [];
    for (let at = 0; at + 1 < row.length; at += 2)
      above.push(nodeHash(row[at] as Uint8Array, row[at + 1] as Uint8Array));
    rows.push(above);
  }
  return inclusionProof(
    (level, at) => {
      const node = rows[level]?.[at];
      if (node === undefined) throw new Error(`A bundle of ${statements.length} has no node ${level}/${at}.`);
      return node;
    },
    statements.length,
    index,
  );
}
