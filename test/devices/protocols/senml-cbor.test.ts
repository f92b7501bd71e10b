import test from "ava";
import { encode, Tagged } from "cborg";
import * as fc from "fast-check";
import { decodeFrame } from "../../../devices/protocols/index.ts";
import { senmlCbor } from "../../../devices/protocols/senml-cbor/index.ts";
import { encodePack } from "../../../devices/protocols/senml-json/index.ts";
import type { Weighing } from "../../../devices/protocols/senml/index.ts";
import { cborPack } from "../../../firmware-sim/mqtt-sensor/cbor-pack.ts";

const AT = 1_732_190_001_211;
const time = new Tagged(4, [-3, AT]);
type Fields = readonly (readonly [number | string, unknown])[];
const record = (...fields: Fields): Map<number | string, unknown> => new Map(fields);
const packed = (...records: readonly unknown[]): Uint8Array => encode(records);
const decoded = (...records: readonly unknown[]) => decodeFrame("senml-cbor", packed(...records));
const item = record([-3, time], [0, "item"], [3, "X"]);
const net = (value: unknown) => decoded(record([-3, time], [0, "net"], [1, "kg"], [2, value]));
const refused = (reason: string) => ({ kind: "refused", reason });
const mass = (mantissa: number, exponent: number) => ({
  kind: "quantities",
  quantities: [{ kind: "mass", value: { mantissa, exponent }, unit: "kg", stability: "unknown", mode: "net" }],
});

const weighing: Weighing = {
  baseName: "urn:dev:ops:32473-tallystick-c1:",
  atMs: AT,
  item: "395200100000000012",
  net: { value: { mantissa: 12_340, exponent: -3 }, unit: "kg", stable: true },
  dimensions: {
    length: { mantissa: 321, exponent: -3 },
    width: { mantissa: 150, exponent: -3 },
    height: { mantissa: 87, exponent: -3 },
    unit: "m",
  },
};

test("J9, J11: a weighing of the sensor gives what its JSON gives, digit for digit, in two thirds of the bytes", (t) => {
  const cbor = cborPack(weighing);
  const json = encodePack(weighing);
  t.deepEqual(decodeFrame("senml-cbor", cbor), decodeFrame("senml-json", json));
  t.is(decodeFrame("senml-cbor", cbor).kind, "quantities");
  t.is(senmlCbor.measuredAt?.(cbor), AT);
  t.true(cbor.length < (2 / 3) * json.length, `${cbor.length} of ${json.length} bytes`);
});

test("J9: the integers of RFC 8428 table 4 name the labels, by hand", (t) => {
  // [{-2: "urn:x:", -3: 1.8e9, 0: "net", 1: "kg", 2: 12.34 (decimal fraction)}, {0: "stable", 4: true}]
  const hex = "82a5216675726e3a783a221a6b49d20000636e657401626b6702c48221190 4d2a20066737461626c6504f5".replaceAll(
    " ",
    "",
  );
  t.deepEqual(decodeFrame("senml-cbor", Buffer.from(hex, "hex")), {
    kind: "quantities",
    quantities: [
      { kind: "mass", value: { mantissa: 1234, exponent: -2 }, unit: "kg", stability: "stable", mode: "net" },
    ],
  });
});

test("J11: integers, decimal fractions and floats are weights, each at the resolution that it shows", (t) => {
  t.deepEqual(net(12), mass(12, 0));
  t.deepEqual(net(-12), mass(-12, 0), "the sign is kept");
  t.deepEqual(net(new Tagged(4, [-3, 12_340])), mass(12_340, -3));
  t.deepEqual(net(12.34), mass(1234, -2));
  const whole = Buffer.from(packed(record([-3, time], [0, "net"], [1, "kg"], [2, 7]))).toString("hex");
  const bytes = Buffer.from(whole.replace("0207", "02fa414570a4"), "hex");
  t.deepEqual(decodeFrame("senml-cbor", bytes), mass(1234, -2), "a single precision 12.34");
});

test("J10: a number that is none, or has no exact decimal, is refused", (t) => {
  const notExact = refused("record 0: v is not an exact decimal number");
  const notCbor = refused("not a CBOR array of SenML records");
  t.deepEqual(net(1e300), notExact);
  t.deepEqual(net(new Tagged(4, [-30, 5])), notExact);
  t.deepEqual(net(2n ** 60n), notExact);
  t.deepEqual(net("12"), notExact);
  t.deepEqual(net(new Tagged(2, Uint8Array.of(1))), notExact, "a big number");
  t.deepEqual(net(Number.NaN), notCbor);
  t.deepEqual(net(Number.POSITIVE_INFINITY), notCbor);
  t.deepEqual(net(new Tagged(4, [1])), notCbor);
  t.deepEqual(net(new Tagged(4, [0, "1"])), notCbor);
});

test("J9: a known label as a text has a second spelling and is refused, unknown ones are ignored", (t) => {
  t.deepEqual(
    decoded(record([-3, time], ["n", "item"], [3, "X"])),
    refused('record 0: label "?_" must be understood and is not'),
  );
  t.is(decoded(record([-3, time], [0, "item"], [3, "X"], [99, [1, { a: 2 }]], ["colour", "blue"])).kind, "quantities");
  t.deepEqual(
    decoded(record([-3, time], [0, "item"], [3, "X"], ["x_", 1])),
    refused('record 0: label "x_" must be understood and is not'),
  );
});

test("J10: what deterministic CBOR has one spelling for is taken in that spelling only", (t) => {
  const good = Buffer.from(packed(item));
  t.is(decodeFrame("senml-cbor", good).kind, "quantities");
  const not = refused("not a CBOR array of SenML records");
  t.deepEqual(decodeFrame("senml-cbor", Buffer.concat([Buffer.of(0x98, 0x01), good.subarray(1)])), not, "a long head");
  t.deepEqual(
    decodeFrame("senml-cbor", Buffer.concat([Buffer.of(0x9f), good.subarray(1), Buffer.of(0xff)])),
    not,
    "no length",
  );
  t.deepEqual(decodeFrame("senml-cbor", Buffer.concat([good, Buffer.of(0)])), not, "something behind");
  t.deepEqual(decodeFrame("senml-cbor", good.subarray(0, -1)), not, "cut short");
  const twice = Buffer.concat([Buffer.of(0x81, 0xa2), Buffer.from("0361580361", "hex"), Buffer.from("59", "hex")]);
  t.deepEqual(decodeFrame("senml-cbor", twice), not, "a label twice");
  t.deepEqual(
    decodeFrame("senml-cbor", Buffer.from("81a20064697465 6d0361ff".replaceAll(" ", ""), "hex")),
    not,
    "no UTF-8",
  );
  t.deepEqual(decodeFrame("senml-cbor", Buffer.from("9bffffffffffffffff", "hex")), not, "a length beyond reason");
  const nested = (levels: number) => `82a1185a${"81".repeat(levels)}00${good.subarray(1).toString("hex")}`;
  t.deepEqual(decodeFrame("senml-cbor", Buffer.from(nested(40), "hex")), not, "nesting without end");
  const shallow = decodeFrame("senml-cbor", Buffer.from(nested(4), "hex"));
  t.regex(shallow.kind === "refused" ? shallow.reason : "", /^record 0: the resolved name is empty/);
});

test("J12: a data value is a byte string and says nothing here", (t) => {
  t.is(decoded(item, record([0, "raw"], [8, Uint8Array.of(1, 2)])).kind, "quantities");
  t.deepEqual(decoded(item, record([0, "raw"], [8, "AQI"])), refused("record 1: vd is not data"));
});

test("J2: what the sensor encodes is decoded to the same digits", (t) => {
  const number = fc.record({
    mantissa: fc.integer({ min: 1, max: 9_999_999 }),
    exponent: fc.integer({ min: -4, max: 0 }),
  });
  const name = fc.stringMatching(/^[ -~]{1,40}$/);
  fc.assert(
    fc.property(number, number, number, number, name, (value, length, width, height, text) => {
      const dimensions = { length, width, height, unit: "m" as const };
      const frame = cborPack({ ...weighing, item: text, net: { value, unit: "kg", stable: true }, dimensions });
      t.deepEqual(decodeFrame("senml-cbor", frame), {
        kind: "quantities",
        quantities: [
          { kind: "item", item: text },
          { kind: "mass", value, unit: "kg", stability: "stable", mode: "net" },
          { kind: "dimensions", ...dimensions },
        ],
      });
    }),
    { numRuns: 200 },
  );
});

test("J10: changed bytes of a good pack never make the decoder throw, nor an item or a value that is not in them", (t) => {
  const good = cborPack(weighing);
  fc.assert(
    fc.property(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const bytes = good.map((byte, index) => (index === at ? byte ^ mask : byte));
      t.true(["quantities", "status", "refused"].includes(decodeFrame("senml-cbor", bytes).kind));
    }),
    { numRuns: 1000 },
  );
});
