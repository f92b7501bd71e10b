import { cutStream, decodeFrame, protocols } from "../../devices/protocols/index.ts";
import { goodFrames } from "../../test/devices/protocols/good-frames.ts";

/** What a busy line brings in one read. */
const CHUNK_BYTES = 4_096;
const WARM_UP_MS = 100;
const MEASURED_MS = 400;

export type FramerFigures = {
  /** Cut into frames, of a stream of nothing but frames. */
  readonly framerMBs: number;
  /** Cut and decoded. */
  readonly decodedMBs: number;
  /** Of random bytes. */
  readonly noiseMBs: number;
};

/** Every protocol of a byte line; megabytes a second of processor time, no I/O. */
export function framerFigures(): Readonly<Record<string, FramerFigures>> {
  const figures: Record<string, FramerFigures> = {};
  for (const { name, framing } of protocols.values()) {
    const good = goodFrames[name];
    if (framing.kind !== "stream" || good === undefined) continue;
    const { takeFrame } = framing;
    const frames = repeated(good.frame);
    const noise = random();
    figures[name] = {
      framerMBs: megabytesPerSecond(frames, (chunk, rest) => cutStream(takeFrame, rest, chunk).rest),
      decodedMBs: megabytesPerSecond(frames, (chunk, rest) => {
        const cut = cutStream(takeFrame, rest, chunk);
        for (const { kind, bytes } of cut.parts) if (kind === "frame") decodeFrame(name, bytes, good.settings);
        return cut.rest;
      }),
      noiseMBs: megabytesPerSecond(noise, (chunk, rest) => cutStream(takeFrame, rest, chunk).rest),
    };
  }
  return figures;
}

type Take = (chunk: Uint8Array, rest: Uint8Array) => Uint8Array;

function megabytesPerSecond(stream: Uint8Array, take: Take): number {
  run(stream, take, WARM_UP_MS);
  const { bytes, ms } = run(stream, take, MEASURED_MS);
  return Math.round((bytes / 1e6 / (ms / 1000)) * 10) / 10;
}

function run(stream: Uint8Array, take: Take, forMs: number): { readonly bytes: number; readonly ms: number } {
  const begin = process.cpuUsage();
  let rest: Uint8Array = new Uint8Array(0);
  let bytes = 0;
  let ms = 0;
  while (ms < forMs) {
    for (let at = 0; at < stream.length; at += CHUNK_BYTES) rest = take(stream.subarray(at, at + CHUNK_BYTES), rest);
    bytes += stream.length;
    const { user, system } = process.cpuUsage(begin);
    ms = (user + system) / 1000;
  }
  return { bytes, ms };
}

/** Some 256 kB; the frames lie differently in every chunk. */
function repeated(frame: Uint8Array): Uint8Array {
  const count = Math.ceil((64 * CHUNK_BYTES) / frame.length);
  const stream = new Uint8Array(count * frame.length);
  for (let index = 0; index < count; index++) stream.set(frame, index * frame.length);
  return stream;
}

function random(): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: 64 * CHUNK_BYTES }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}
