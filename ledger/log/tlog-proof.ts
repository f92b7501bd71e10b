import { fromBase64, toBase64 } from "../crypto/index.ts";

/** M9: that one leaf is in a log, with the signed checkpoint that says so. */
export type TlogProof = {
  readonly index: number;
  /** RFC 9162 inclusion proof, lowest sibling first; 32 bytes each. */
  readonly path: readonly Uint8Array[];
  /** The signed note of the checkpoint. */
  readonly checkpoint: string;
};

export type ParsedTlogProof =
  | { readonly kind: "accept"; readonly proof: TlogProof }
  | { readonly kind: "reject"; readonly reason: string };

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
const INDEX_PATTERN = /^index (0|[1-9][0-9]{0,15})$/;
/** No tree of safe-integer size is higher. */
const PATH_LIMIT = 53;

/** M9: the text of a proof (C2SP tlog-proof@v1), without the optional extra line. */
export function formatTlogProof({ index, path, checkpoint }: TlogProof): string {
  return [FIRST_LINE, `index ${index}`, ...path.map(toBase64), "", checkpoint].join("\n");
}

/** M9, M10: reads a proof; only the spelling that `formatTlogProof` gives is accepted. The checkpoint is not read. Never throws. */
export function parseTlogProof(text: string): ParsedTlogProof {
  const split = text.indexOf("\n\n");
  if (split === -1) return rejected("no blank line separates proof and checkpoint");
  const [first, second = "", ...hashes] = text.slice(0, split).split("\n");
  if (first !== FIRST_LINE) return rejected(`its first line is not ${FIRST_LINE}`);
  const index = Number(INDEX_PATTERN.exec(second)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(index)) return rejected("its second line is not the index of a leaf");
  if (hashes.length > PATH_LIMIT) return rejected(`it has more than ${PATH_LIMIT} hashes`);
  const path: Uint8Array[] = [];
  for (const encoded of hashes) {
    const hash = fromBase64(encoded);
    if (hash?.length !== 32) return rejected(`line ${path.length + 3} is not the base64 of 32 bytes`);
    path.push(hash);
  }
  const proof = { index, path, checkpoint: text.slice(split + 2) };
  if (formatTlogProof(proof) !== text) return rejected("it is not in its one canonical spelling");
  return { kind: "accept", proof };
}

function rejected(clause: string): ParsedTlogProof {
  return { kind: "reject", reason: `the tlog-proof cannot be read: ${clause}` };
}
