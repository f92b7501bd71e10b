import { fromBase64, fromHex, toBase64, toHex } from "../crypto/index.ts";

/** M6: the state of a log: its name, how many leaves it has, and the root over them. */
export type Checkpoint = {
  readonly origin: string;
  readonly size: number;
  /** 64 hex digits. */
  readonly root: string;
};

export type ParsedCheckpoint =
  | { readonly kind: "accept"; readonly checkpoint: Checkpoint }
  | { readonly kind: "reject"; readonly reason: string };

const SIZE_PATTERN = /^(?:0|[1-9][0-9]{0,15})$/;
const ORIGIN_PATTERN = /^[!-~]{1,128}$/;

/** M6: the body of a checkpoint (C2SP tlog-checkpoint), without extension lines. Throws on values that have no spelling. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  const hash = fromHex(root);
  if (!ORIGIN_PATTERN.test(origin) || !Number.isSafeInteger(size) || size < 0 || hash?.length !== 32) {
    throw new Error(`There is no checkpoint of ${JSON.stringify(origin)} with size ${size} and root ${root}.`);
  }
  return `${origin}\n${size}\n${toBase64(hash)}\n`;
}

/** M6, M10: reads a checkpoint body; only the spelling that `formatCheckpoint` gives is accepted. Never throws. */
export function parseCheckpoint(body: string): ParsedCheckpoint {
  const [origin = "", digits = "", encoded = "", end, ...rest] = body.split("\n");
  if (end !== "" || rest.length > 0) return rejected("it has not exactly three lines");
  const size = SIZE_PATTERN.test(digits) ? Number(digits) : Number.NaN;
  if (!ORIGIN_PATTERN.test(origin)) return rejected("its origin is not 1 to 128 printable characters");
  if (!Number.isSafeInteger(size)) return rejected("its size is not a whole number from 0");
  const root = fromBase64(encoded);
  if (root?.length !== 32) return rejected("its root is not the base64 of 32 bytes");
  return { kind: "accept", checkpoint: { origin, size, root: toHex(root) } };
}

function rejected(clause: string): ParsedCheckpoint {
  return { kind: "reject", reason: `the checkpoint cannot be read: ${clause}` };
}
