import test from "ava";
import * as fc from "fast-check";
import {
  cutStream,
  type Decoded,
  decodeFrame,
  protocolOf,
  protocols,
  type TakeFrame,
} from "../../../devices/protocols/index.ts";
import { goodFrames } from "./good-frames.ts";

type Streamed = {
  readonly name: string;
  readonly takeFrame: TakeFrame;
  readonly decode: (frame: Uint8Array) => Decoded;
  readonly maxFrameBytes: number;
  readonly good: Uint8Array;
};

const streamed: readonly Streamed[] = [...protocols.keys()].flatMap((name) => {
  const { frame: good, settings } = goodFrames[name] ?? {};
  const protocol = protocolOf(name, settings);
  if (good === undefined || typeof protocol === "string" || protocol.framing.kind !== "stream") return [];
  const { framing, decodeFrame: decode, maxFrameBytes } = protocol;
  return [{ name, takeFrame: framing.takeFrame, decode, maxFrameBytes, good }];
});

/** Streams of frames, half frames and bytes that matter to some grammar. */
const stream = (good: Uint8Array) =>
  fc
    .array(
      fc.oneof(
        fc.constant(good),
        fc.nat({ max: good.length }).map((size) => good.subarray(0, size)),
        fc.uint8Array({ maxLength: 12 }),
        fc.constantFrom(...[0x02, 0x03, 0x0d, 0x0a, 0x8d, 0x8a, 0x53].map((byte) => Uint8Array.of(byte))),
        fc.integer({ min: 100, max: 300 }).map((size) => new Uint8Array(size).fill(0x41)),
      ),
      { maxLength: 12 },
    )
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

function readAll(takeFrame: Streamed["takeFrame"], chunks: readonly Uint8Array[]) {
  let rest: Uint8Array = new Uint8Array(0);
  let noiseBytes = 0;
  let longestRest = 0;
  const frames: string[] = [];
  for (const chunk of chunks) {
    const cut = cutStream(takeFrame, rest, chunk);
    rest = cut.rest;
    longestRest = Math.max(longestRest, rest.length);
    for (const { kind, bytes } of cut.parts) {
      if (kind === "noise") noiseBytes += bytes.length;
      else frames.push(Buffer.from(bytes).toString("hex"));
    }
  }
  return { frames, noiseBytes, longestRest, rest: Buffer.from(rest).toString("hex") };
}

for (const { name, takeFrame, decode, maxFrameBytes, good } of streamed) {
  test(`P1: ${name}: any split of a stream gives the same frames, noise and rest`, (t) => {
    fc.assert(
      fc.property(stream(good), fc.array(fc.integer({ min: 1, max: 40 })), (bytes, sizes) => {
        const chunks: Uint8Array[] = [];
        let start = 0;
        for (const size of sizes) {
          chunks.push(bytes.subarray(start, start + size));
          start += size;
        }
        chunks.push(bytes.subarray(start));
        const whole = readAll(takeFrame, [bytes]);
        const split = readAll(takeFrame, chunks);
        const single = readAll(
          takeFrame,
          Array.from(bytes, (byte) => Uint8Array.of(byte)),
        );
        t.deepEqual({ ...split, longestRest: 0 }, { ...whole, longestRest: 0 });
        t.deepEqual({ ...single, longestRest: 0 }, { ...whole, longestRest: 0 });
      }),
      { numRuns: 150 },
    );
  });

  test(`P1: ${name}: every byte is a frame's, noise, or still waiting`, (t) => {
    fc.assert(
      fc.property(stream(good), (bytes) => {
        const { frames, noiseBytes, rest } = readAll(takeFrame, [bytes]);
        const framed = frames.reduce((sum, frame) => sum + frame.length / 2, 0);
        t.is(framed + noiseBytes + rest.length / 2, bytes.length);
      }),
      { numRuns: 150 },
    );
  });

  test(`P2: ${name}: a stream without frames never waits for more than one longest frame`, (t) => {
    fc.assert(
      fc.property(stream(good), (bytes) => {
        const { longestRest } = readAll(
          takeFrame,
          Array.from(bytes, (byte) => Uint8Array.of(byte)),
        );
        t.true(longestRest < maxFrameBytes);
      }),
      { numRuns: 100 },
    );
  });

  test(`P3: ${name}: a valid frame is read after any noise that ends a line`, (t) => {
    const line = Buffer.from(good).toString("hex");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        // NUL ends printable junk for line protocols, starts no telegram, and so many of them complete a report without delimiters.
        const { frames } = readAll(takeFrame, [noise, new Uint8Array(8), good]);
        t.is(frames.at(-1), line);
      }),
      { numRuns: 150 },
    );
  });

  test(`P3: ${name}: two good frames in one chunk behind a bad one are both read`, (t) => {
    const bad = goodFrames[name]?.bad ?? good.map((byte, index) => (index === 4 ? 0x7e : byte));
    const { frames } = readAll(takeFrame, [Buffer.concat([bad, good, good])]);
    t.deepEqual(
      frames.map((frame) => decode(Buffer.from(frame, "hex")).kind),
      ["refused", "quantities", "quantities"],
    );
  });
}

test("P3: every byte sequence of every protocol has an answer", (t) => {
  for (const name of [...protocols.keys(), "nonsense"]) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        t.true(["quantities", "status", "refused"].includes(decodeFrame(name, bytes).kind));
      }),
      { numRuns: 200 },
    );
  }
});

test("P3: the good frame of every protocol gives quantities", (t) => {
  t.deepEqual(Object.keys(goodFrames).sort(), [...protocols.keys()].sort());
  for (const [name, { frame, settings }] of Object.entries(goodFrames))
    t.is(decodeFrame(name, frame, settings).kind, "quantities", name);
});

test("P2: a frame longer than its protocol allows is refused before it is read", (t) => {
  t.is(decodeFrame("senml-json", new Uint8Array(513)).kind, "refused");
});

test("P5: an unknown protocol is refused", (t) => {
  t.deepEqual(decodeFrame("abacus", new Uint8Array(0)), {
    kind: "refused",
    reason: 'protocol "abacus" is not known',
  });
});

test("P1: every streamed protocol is in these tests", (t) => {
  const all = [...protocols.values()].filter(({ framing }) => framing.kind === "stream").map(({ name }) => name);
  t.deepEqual(
    streamed.map(({ name }) => name),
    all,
  );
});

test("P10: settings for a protocol that takes none are refused, and so are the frames that they should explain", (t) => {
  t.is(protocolOf("sick", { mass: "Weight" }), "sick takes no settings");
  t.is(protocolOf("abacus"), 'protocol "abacus" is not known');
  const telegram = goodFrames["sick"]?.frame ?? new Uint8Array(0);
  t.deepEqual(decodeFrame("sick", telegram, { mass: "Weight" }), { kind: "refused", reason: "sick takes no settings" });
});
