import { DATA_BITS } from "./framing.ts";

/**
 * M9: what bit 7 of all lines of one connection has been so far. A 7E1 or 7O1 device read at 8N1 shows its parity there,
 * and MT-SICS has no other checksum. A line of an 8N1 device is never valid by chance: blank and line end contradict.
 */
export type Parity = "unseen" | "none" | "even" | "odd";

/** `damaged`: this line breaks the parity that all lines before it had. */
export function parityAfter(parity: Parity, line: Uint8Array): { readonly parity: Parity; readonly damaged: boolean } {
  const shown = parityOf(line);
  if (parity === "unseen") return { parity: shown, damaged: false };
  // A frame whose characters all have odd parity without bit 7 is whole on a 7O1 line too.
  const fits = shown === parity || (parity === "odd" && shown === "unseen");
  return { parity, damaged: parity !== "none" && !fits };
}

/** `unseen`: all odd, but bit 7 is nowhere set, which a frame without CR LF can be by chance on an 8N1 line. */
function parityOf(line: Uint8Array): Parity {
  const odd = line.filter((byte) => onesOf(byte) % 2 === 1).length;
  if (odd === 0) return "even";
  if (odd < line.length) return "none";
  return line.some((byte) => byte > DATA_BITS) ? "odd" : "unseen";
}

function onesOf(byte: number): number {
  let ones = 0;
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1;
  return ones;
}
