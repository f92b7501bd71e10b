import { decodeFrame, protocols, type Session, type SessionInput } from "../../../devices/protocols/index.ts";

/** Bytes of a text in which each character is one byte. */
export const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
export const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");

/** What the decoder of a protocol says to one line, closed by CR LF. */
export const decodedLine = (protocol: string, line: string) => decodeFrame(protocol, latin1(`${line}\r\n`));

/** The expected answer to a frame with one mass. */
export const mass = (
  [mantissa, exponent]: readonly [mantissa: number, exponent: number],
  unit: string,
  stability: string,
  mode: string,
  flags?: readonly string[],
) => ({
  kind: "quantities",
  quantities: [{ kind: "mass", value: { mantissa, exponent: exponent + 0 }, unit, stability, mode }],
  ...(flags === undefined ? {} : { flags }),
});

/** The bytes with even parity in bit 7, as a 7E1 device looks on a line that is read with 8N1. */
export const withEvenParity = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte) => (byte.toString(2).replaceAll("0", "").length % 2 === 0 ? byte : byte | 0x80));

/** Runs the session of a protocol over inputs and gives what it sent, as text, and its other effects, in order. */
export function talk(protocol: string, inputs: readonly SessionInput[]): readonly string[] {
  const settings = { pollMs: 100, replyTimeoutMs: 500, settleMs: 50, serial: null };
  let session: Session | undefined = protocols.get(protocol)?.startSession?.(settings);
  const heard: string[] = [];
  for (const input of inputs) {
    const done = session?.step(input);
    session = done?.session;
    for (const effect of done?.effects ?? []) {
      heard.push(effect.kind === "send" ? JSON.stringify(Buffer.from(effect.bytes).toString("latin1")) : effect.kind);
    }
  }
  return heard;
}
export const opened: SessionInput = { kind: "opened", atMs: 0 };
export const tick = (atMs: number): SessionInput => ({ kind: "tick", atMs });
export const frame = (bytes: Uint8Array, atMs: number): SessionInput => ({ kind: "frame", frame: bytes, atMs });

/** Every frame that differs from this one in exactly one of the bits of `mask`. */
export function* flippedBits(bytes: Uint8Array, mask = 0x7f): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 1; bit <= 0x80; bit <<= 1) {
      if ((mask & bit) !== 0) yield bytes.map((byte, index) => (index === at ? byte ^ bit : byte));
    }
  }
}

/** Every frame that lacks one byte of this one, or has one twice. */
export function* slippedBytes(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    yield Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    yield Buffer.concat([bytes.subarray(0, at + 1), bytes.subarray(at)]);
  }
}
