import { type CborValue, decode, encode } from "../cbor/index.ts";
import { type CoseParts, encodeCose, openProtected, partsOf } from "../bundle/index.ts";
import { type Note, parseNote, parseTlogProof, type TlogProof } from "../log/index.ts";

const FORMAT = "tallystick-receipt/v1";
/** V2: RFC 9942: verifiable data structure proofs, and under it the inclusion proofs. */
const PROOFS = 396;
const INCLUSION = -1;
/** A path in a bundle of at most 65,535 statements. */
const PATH_LIMIT = 16;

/** The members of a receipt file, taken apart but not yet believed. */
export type ReceiptMembers = {
  /** SenML pack. */
  readonly statement: Uint8Array;
  /** V2: the COSE receipt, and what it holds. */
  readonly cose: Uint8Array;
  readonly protectedHeader: Uint8Array;
  readonly opened: Extract<ReturnType<typeof openProtected>, { kind: "accept" }>;
  readonly signature: Uint8Array;
  readonly inBundle: { readonly size: number; readonly index: number; readonly path: readonly Uint8Array[] };
  /** V3: the tlog-proof of the bundle, and what it holds. */
  readonly proofText: string;
  readonly proof: TlogProof;
  readonly note: Note;
};

export type OpenedReceipt =
  | { readonly kind: "accept"; readonly members: ReceiptMembers }
  | { readonly kind: "reject"; readonly reason: string };

/** V1: the bytes of a receipt file. */
export function encodeReceipt(statement: Uint8Array, cose: Uint8Array, proofText: string): Uint8Array {
  return encode(
    new Map<string, CborValue>([
      ["proof", proofText],
      ["format", FORMAT],
      ["signature", cose],
      ["statement", statement],
    ]),
  );
}

/** V2: the COSE receipt of one statement: the bundle's protected header and signature, the path, no payload. */
export function encodeCoseReceipt(
  protectedHeader: Uint8Array,
  signature: Uint8Array,
  { size, index, path }: ReceiptMembers["inBundle"],
): Uint8Array {
  const proofs = new Map([[INCLUSION, [encode([size, index, path])]]]);
  return encodeCose(protectedHeader, new Map([[PROOFS, proofs]]), null, signature);
}

/** V1-V4: takes a receipt file apart; every layer has one spelling, so that no byte is free. Never throws. */
export function openReceipt(bytes: Uint8Array): OpenedReceipt {
  const decoded = decode(bytes);
  if (decoded.kind === "reject") return decoded;
  const file = decoded.value;
  if (!(file instanceof Map) || file.size !== 4 || file.get("format") !== FORMAT)
    return rejected(`this is no ${FORMAT} file`);
  const statement: CborValue | undefined = file.get("statement");
  const cose: CborValue | undefined = file.get("signature");
  const proofText: CborValue | undefined = file.get("proof");
  if (!(statement instanceof Uint8Array)) return rejected("its statement is not a byte string");
  if (!(cose instanceof Uint8Array)) return rejected("its signature is not a byte string");
  if (typeof proofText !== "string") return rejected("its proof is not a text");
  const parts = partsOf(cose);
  if (parts.kind === "reject") return rejected(`its signature cannot be read: ${parts.reason}`);
  const opened = openProtected(parts.protectedHeader);
  if (opened.kind === "reject") return rejected(`its signature cannot be read: ${opened.reason}`);
  const inBundle = pathOf(parts, cose);
  if (inBundle === null) return rejected("its signature does not carry exactly one inclusion proof and no payload");
  const proof = parseTlogProof(proofText);
  if (proof.kind === "reject") return proof;
  const note = parseNote(proof.proof.checkpoint);
  if (note.kind === "reject") return note;
  if (!ascending(note.note)) return rejected("the signatures of its checkpoint are not in ascending order of name");
  const { protectedHeader, signature } = parts;
  return {
    kind: "accept",
    members: {
      statement,
      cose,
      protectedHeader,
      opened,
      signature,
      inBundle,
      proofText,
      proof: proof.proof,
      note: note.note,
    },
  };
}

/** V2: the inclusion proof in the unprotected header; the comparison with its own encoding refuses any other member. */
function pathOf(
  { unprotected, payload, protectedHeader, signature }: Extract<CoseParts, { kind: "accept" }>,
  cose: Uint8Array,
): ReceiptMembers["inBundle"] | null {
  const proofs = unprotected.get(PROOFS);
  const inclusion: CborValue | undefined = proofs instanceof Map ? proofs.get(INCLUSION) : undefined;
  const wrapped: CborValue | undefined = Array.isArray(inclusion) ? inclusion[0] : undefined;
  if (payload !== null || !(wrapped instanceof Uint8Array)) return null;
  const decoded = decode(wrapped);
  if (decoded.kind === "reject" || !Array.isArray(decoded.value)) return null;
  const [size, index, path] = decoded.value as readonly CborValue[];
  if (typeof size !== "number" || typeof index !== "number" || !Array.isArray(path) || path.length > PATH_LIMIT)
    return null;
  if (!path.every((hash: CborValue): hash is Uint8Array => hash instanceof Uint8Array && hash.length === 32))
    return null;
  const inBundle = { size, index, path };
  return Buffer.compare(encodeCoseReceipt(protectedHeader, signature, inBundle), cose) === 0 ? inBundle : null;
}

/** V4: one order of the signature lines, each name once. */
function ascending({ signatures }: Note): boolean {
  return signatures.every(({ name }, index) => {
    const previous = signatures[index - 1];
    return previous === undefined || previous.name < name;
  });
}

function rejected(reason: string): OpenedReceipt {
  return { kind: "reject", reason };
}
