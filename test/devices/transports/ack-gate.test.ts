import test from "ava";
import * as fc from "fast-check";
import { generate, type Packet } from "mqtt-packet";
import { outgoingStart, walkOutgoing } from "../../../devices/transports/external-broker/ack-gate.ts";

const packet = fc.oneof(
  fc.constant<Packet>({ cmd: "pingreq" }),
  fc.integer({ min: 1, max: 65_535 }).map((messageId): Packet => ({ cmd: "puback", messageId })),
  fc.record({ messageId: fc.integer({ min: 1, max: 65_535 }), size: fc.nat({ max: 40_000 }) }).map(
    ({ messageId, size }): Packet => ({
      cmd: "publish",
      topic: "t",
      payload: Buffer.alloc(size, 0x40),
      qos: 1,
      dup: false,
      retain: false,
      messageId,
    }),
  ),
);

function walked(chunks: readonly Uint8Array[]) {
  let state = outgoingStart;
  const pass: Uint8Array[] = [];
  const acks: { messageId: number; bytes: Uint8Array }[] = [];
  for (const chunk of chunks) {
    const next = walkOutgoing(state, chunk);
    state = next.state;
    pass.push(...next.pass);
    acks.push(...next.acks);
  }
  return { state, pass: Buffer.concat(pass), acks };
}

test("E3: however a library's bytes are cut, every PUBACK is taken out whole and the rest leaves in order", (t) => {
  fc.assert(
    fc.property(
      fc.array(packet, { maxLength: 12 }),
      fc.constantFrom(4 as const, 5 as const),
      fc.array(fc.integer({ min: 1, max: 9 })),
      (packets, protocolVersion, sizes) => {
        const encoded = packets.map((one) => ({ one, bytes: generate(one, { protocolVersion }) }));
        const bytes = Buffer.concat(encoded.map((one) => one.bytes));
        const chunks: Uint8Array[] = [];
        let start = 0;
        for (const size of sizes) {
          chunks.push(bytes.subarray(start, start + size));
          start += size;
        }
        chunks.push(bytes.subarray(start));
        const { state, pass, acks } = walked(chunks);
        t.is(state.kind, "start");
        t.deepEqual(
          acks.map(({ messageId }) => messageId),
          packets.flatMap((one) => (one.cmd === "puback" ? [one.messageId ?? 0] : [])),
        );
        t.deepEqual(pass, Buffer.concat(encoded.flatMap(({ one, bytes }) => (one.cmd === "puback" ? [] : [bytes]))));
        t.deepEqual(
          acks.map((ack) => Buffer.from(ack.bytes).toString("hex")),
          encoded.flatMap(({ one, bytes }) => (one.cmd === "puback" ? [bytes.toString("hex")] : [])),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test("E3: a PUBACK of MQTT 5 with a reason is taken out, too", (t) => {
  const bytes = generate({ cmd: "puback", messageId: 258, reasonCode: 16 }, { protocolVersion: 5 });
  t.deepEqual(
    walked(Array.from(bytes, (byte) => Uint8Array.of(byte))).acks.map(({ messageId }) => messageId),
    [258],
  );
});

test("E3: a length of five bytes is no packet of MQTT", (t) => {
  t.throws(() => walkOutgoing(outgoingStart, Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80, 0x01)), {
    instanceOf: RangeError,
  });
});
