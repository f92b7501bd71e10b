import { toHex } from "../crypto/index.ts";
import { encodeCose } from "../bundle/index.ts";
import { leafHash, type Note, parseCheckpoint, rootFromPath } from "../log/index.ts";
import { openReceipt } from "./format.ts";

/** V6: the parts of a receipt in their standard forms, by file name. */
export type ReceiptFiles = {
  readonly "statement.cbor": Uint8Array;
  readonly "statement.cose": Uint8Array;
  readonly "bundle.tlog-proof": Uint8Array;
  readonly "bundle.cose": Uint8Array;
  readonly "anchor.json": Uint8Array;
};

export type UnpackedReceipt =
  | { readonly kind: "accept"; readonly files: ReceiptFiles }
  | { readonly kind: "reject"; readonly reason: string };

/** V6: takes a receipt apart for tools that are not ours. Verifies nothing. Never throws. */
export function unpackReceipt(bytes: Uint8Array): UnpackedReceipt {
  const opened = openReceipt(bytes);
  if (opened.kind === "reject") return opened;
  const { statement, cose, protectedHeader, signature, inBundle, proofText, note } = opened.members;
  const root = rootFromPath(leafHash(statement), inBundle.size, inBundle.index, inBundle.path);
  if (root === null)
    return { kind: "reject", reason: "the path of the statement does not fit its position in the bundle" };
  const anchor = anchorOf(note);
  if (anchor === null) return { kind: "reject", reason: "the checkpoint of the receipt cannot be read" };
  return {
    kind: "accept",
    files: {
      "statement.cbor": statement,
      "statement.cose": cose,
      "bundle.tlog-proof": bytesOf(proofText),
      "bundle.cose": encodeCose(protectedHeader, new Map(), root, signature),
      "anchor.json": bytesOf(`${JSON.stringify(anchor, null, 2)}\n`),
    },
  };
}

/** V6: what the checkpoint says and who cosigned it when, for readers without a C2SP parser. */
function anchorOf({ body, signatures }: Note): object | null {
  const parsed = parseCheckpoint(body);
  if (parsed.kind === "reject") return null;
  return {
    format: "tallystick-anchor/v1",
    ...parsed.checkpoint,
    cosignatures: signatures.map(({ name, keyId, signature }) => ({
      name,
      keyId: toHex(keyId),
      timeSeconds: signature.length === 72 ? Number(Buffer.from(signature).readBigUInt64BE()) : null,
      signature: toHex(signature.slice(-64)),
    })),
  };
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
