import test from "ava";
import * as fc from "fast-check";
import { type PacketBound, packetStart, walkPackets } from "../../../devices/transports/broker/packet-bound.ts";

/** A packet with a body of `size` bytes. */
function packet(size: number): Uint8Array {
  const header = [0x30];
  let rest = size;
  do {
    header.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Uint8Array.from([...header, ...new Uint8Array(size).fill(0xff)]);
}
const walk = (chunks: readonly Uint8Array[], maxBytes: number): PacketBound =>
  chunks.reduce<PacketBound>((bound, chunk) => walkPackets(bound, chunk, maxBytes), packetStart);

test("B5: packets up to the bound pass, one byte more does not, however the stream is split", (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      (sizes, cut) => {
        const bytes = Buffer.concat(sizes.map(packet));
        const chunks = Array.from({ length: Math.ceil(bytes.length / cut) }, (_, index) =>
          bytes.subarray(index * cut, (index + 1) * cut),
        );
        t.is(walk(chunks, 200).kind, sizes.some((size) => size > 200) ? "exceeded" : "type");
      },
    ),
    { numRuns: 200 },
  );
});

test("B5: a length that never ends is refused", (t) => {
  t.is(walk([Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80)], 1_000_000).kind, "exceeded");
});
