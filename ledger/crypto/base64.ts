/** Base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Y4: strict inverse of `toBase64`; null for other alphabets, missing padding, white space or stray padding bits. */
export function fromBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64");
  // Node skips what it does not know; only the round trip proves that nothing was skipped.
  return bytes.toString("base64") === text ? Uint8Array.from(bytes) : null;
}
