const HEX = /^(?:[0-9a-f]{2})*$/;

/** Lower-case hexadecimal of `bytes`. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Y4: the bytes of a lower-case hexadecimal string; null for anything else, so that one value has one spelling. */
export function fromHex(text: string): Uint8Array | null {
  return HEX.test(text) ? new Uint8Array(Buffer.from(text, "hex")) : null;
}

/** True when both hold the same bytes. Not constant in time: for public values only. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
