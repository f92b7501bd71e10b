import type { Taken } from "./protocol.ts";

/** What was cut out of a stream so far, in order. `rest` is shorter than the protocol's longest frame (P2). */
export type Cut = {
  /** Frames, and runs of bytes that belong to no frame. */
  readonly parts: readonly { readonly kind: "frame" | "noise"; readonly bytes: Uint8Array }[];
  readonly rest: Uint8Array;
};

/** Adds a chunk to what was left over and takes everything complete. Any split of a stream gives the same frames (P1). */
export function cutStream(takeFrame: (bytes: Uint8Array) => Taken, rest: Uint8Array, chunk: Uint8Array): Cut {
  const bytes = new Uint8Array(rest.length + chunk.length);
  bytes.set(rest);
  bytes.set(chunk, rest.length);
  const parts: { kind: "frame" | "noise"; bytes: Uint8Array }[] = [];
  let start = 0;
  let noiseStart = 0;
  const endNoise = () => {
    if (start > noiseStart) parts.push({ kind: "noise", bytes: bytes.slice(noiseStart, start) });
  };
  for (;;) {
    const taken = takeFrame(bytes.subarray(start));
    if (taken.kind === "incomplete") break;
    if (taken.kind === "frame") {
      endNoise();
      // A copy: the frame outlives the buffer, which may be a megabyte of somebody's noise.
      parts.push({ kind: "frame", bytes: taken.frame.slice() });
      noiseStart = start + taken.size;
    }
    start += taken.size;
  }
  endNoise();
  return { parts, rest: bytes.slice(start) };
}
