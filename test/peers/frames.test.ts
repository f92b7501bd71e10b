import test from "ava";
import * as fc from "fast-check";
import { type Frame, frameHeader, frameReader, MAX_FRAME_BYTES } from "../../ledger/peers/frames.ts";
import { checkHello, encodeHello } from "../../ledger/peers/hello.ts";

const arbitraryFrame = fc.record({
  kind: fc.constantFrom("hello" as const, "message" as const, "ping" as const, "bye" as const),
  payload: fc.uint8Array({ maxLength: 300 }),
});

function wire(frames: readonly Frame[]): Uint8Array {
  return Buffer.concat(frames.flatMap(({ kind, payload }) => [frameHeader(kind, payload.length), payload]));
}

test("P3 frames come out as they went in, whatever the split of the stream", (t) => {
  fc.assert(
    fc.property(
      fc.array(arbitraryFrame),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (frames, cuts) => {
        const stream = wire(frames);
        const reader = frameReader(MAX_FRAME_BYTES);
        const found: Frame[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const end = at + (cuts[turn % cuts.length] ?? 1);
          const pushed = reader.push(stream.subarray(at, end));
          if (pushed.kind === "refused") return t.fail(pushed.reason);
          found.push(...pushed.frames);
          at = end;
        }
        t.deepEqual(
          found.map(({ kind, payload }) => [kind, ...payload]),
          frames.map(({ kind, payload }) => [kind, ...payload]),
        );
      },
    ),
    { numRuns: 60 },
  );
  t.pass();
});

test("P3 no bytes make the reader throw, and what it refused once it refuses for ever", (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      const reader = frameReader(64);
      let refused = false;
      for (const chunk of chunks) {
        const { kind } = reader.push(chunk);
        if (refused) t.is(kind, "refused");
        refused = kind === "refused";
      }
    }),
  );
  t.pass();
});

test("P3 an empty frame, an unknown kind and a frame above the limit are refused by name", (t) => {
  const reasonOf = (bytes: readonly number[]): string => {
    const pushed = frameReader(100).push(Uint8Array.from(bytes));
    return pushed.kind === "refused" ? pushed.reason : "";
  };
  t.regex(reasonOf([0, 0, 0, 0, 1]), /no kind/);
  t.regex(reasonOf([0, 0, 0, 1, 4]), /unknown kind 4/);
  t.regex(reasonOf([0, 0, 0, 101, 1]), /101 bytes is above the limit of 100/);
  t.regex(reasonOf([255, 255, 255, 255, 1]), /4294967295 bytes/);
  t.is(reasonOf([0, 0, 0, 1, 2]), "");
  t.throws(() => frameHeader("message", MAX_FRAME_BYTES), { instanceOf: RangeError });
});

const ours = { site: "harbour", epoch: 2, configHash: "ab".repeat(32), gateway: "north" };
const reasonFor = (payload: Uint8Array): string => {
  const verdict = checkHello(payload, ours, "south");
  return verdict.kind === "reject" ? verdict.reason : "";
};

test("P4, P9 a hello of another site, gateway or configuration of the same epoch is refused with what to do", (t) => {
  const theirs = { ...ours, gateway: "south" };
  t.is(reasonFor(encodeHello(theirs)), "");
  t.regex(
    reasonFor(encodeHello({ ...theirs, site: "airport" })),
    /belongs to the site airport, this gateway to harbour: correct/,
  );
  t.regex(reasonFor(encodeHello({ ...theirs, gateway: "east" })), /calls itself east: correct/);
  const other = { ...theirs, configHash: "cd".repeat(32) };
  t.regex(reasonFor(encodeHello(other)), /cdcdcdcdcdcd.*abababababab.*give both the same SITE\.json/);
  t.is(reasonFor(encodeHello({ ...other, epoch: 3 })), "", "it is ahead, and will tell");
});

test("P4 no bytes of a hello make the check throw or reach a log unescaped", (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => new TextEncoder().encode(text)),
      ),
      (payload) => {
        t.regex(reasonFor(payload), /update the older gateway/);
      },
    ),
  );
  const evil = encodeHello({ ...ours, site: "\u001b[31m\n".repeat(100), gateway: "south" });
  t.regex(reasonFor(evil), /^[\x20-\x7e]{1,300}$/);
});
