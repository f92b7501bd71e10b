import { INCOMPLETE, type TakeFrame } from "./protocol.ts";

/** What was cut out of a stream so far, in order. `rest` is shorter than the protocol's longest frame (P2). */
export type Cut = {
  /** Frames, and runs of bytes that belong to no frame. */
  readonly parts: readonly { readonly kind: "frame" | "noise"; readonly bytes: Uint8Array }[];
  readonly rest: Uint8Array;
};

/** Adds a chunk to what was left over and takes everything complete. Any split of a stream gives the same frames (P1). */
export function cutStream(takeFrame: TakeFrame, rest: Uint8Array, chunk: Uint8Array): Cut {
  const bytes = behind(rest, chunk);
  const parts: { kind: "frame" | "noise"; bytes: Uint8Array }[] = [];
  let start = 0;
  let noiseStart = 0;
  for (;;) {
    const taken = takeFrame(bytes, start);
    if (taken.kind === "incomplete") break;
    const next = start + taken.size;
    if (taken.kind === "frame") {
      if (start > noiseStart) parts.push({ kind: "noise", bytes: copied(bytes, noiseStart, start) });
      parts.push({ kind: "frame", bytes: copied(bytes, start, next) });
      noiseStart = next;
    }
    start = next;
  }
  if (start > noiseStart) parts.push({ kind: "noise", bytes: copied(bytes, noiseStart, start) });
  return { parts, rest: copied(bytes, start, bytes.length) };
}

/** Plain bytes, also of a Buffer: the framers see one sort of array, which makes them fast. */
function behind(rest: Uint8Array, chunk: Uint8Array): Uint8Array {
  if (rest.length === 0) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
  const bytes = new Uint8Array(rest.length + chunk.length);
  bytes.set(rest);
  bytes.set(chunk, rest.length);
  return bytes;
}

/** Frames are mostly shorter than what a call into the engine costs. */
const SHORT_BYTES = 48;

/** A copy: a frame outlives its buffer, which may be a megabyte of somebody's noise, or be used again. */
function copied(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const size = to - from;
  if (size > SHORT_BYTES) return bytes.slice(from, to);
  const copy = new Uint8Array(size);
  for (let at = 0; at < size; at++) copy[at] = bytes[from + at] ?? 0;
  return copy;
}

/** W1: what a transport receives whole, in one piece, is one frame. */
export const takeWhole: TakeFrame = (bytes, from = 0) =>
  bytes.length === from ? INCOMPLETE : { kind: "frame", size: bytes.length - from };
