/**
 * M9: what bit 7 of all lines of one connection has been so far. A 7E1 or 7O1 device read at 8N1 shows its parity there,
 * and MT-SICS has no other checksum. A line of an 8N1 device is never valid by chance: blank and line end contradict.
 */
export type Parity = "unseen" | "none" | "even" | "odd";

/** `damaged`: this line breaks the parity that all lines before it had. */
export function parityAfter(parity: Parity, line: Uint8Array): { readonly parity: Parity; readonly damaged: boolean } {
  const shown = parityOf(line);
  if (parity === "unseen") return { parity: shown, damaged: false };
  return { parity, damaged: parity !== "none" && shown !== parity };
}

function parityOf(line: Uint8Array): Parity {
  const odd = line.filter((byte) => onesOf(byte) % 2 === 1).length;
  if (odd === 0) return "even";
  return odd === line.length ? "odd" : "none";
}

function onesOf(byte: number): number {
  let ones = 0;
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1;
  return ones;
}
