import test from "ava";
import * as fc from "fast-check";
import { decodeFrame, protocolOf } from "../../../../devices/protocols/index.ts";
import { encodePayload, type NodeMetric, type TypeName } from "../../../../firmware-sim/sparkplug-node/payload.ts";

const AT = 1_732_190_000_123;
const settings = {
  mass: "Weight/Net",
  massUnit: "kg",
  massDecimals: 3,
  stable: "Weight/Stable",
  length: "Size/L",
  width: "Size/W",
  height: "Size/H",
  lengthUnit: "mm",
  item: "Parcel",
};
const massOnly = { mass: "M", massUnit: "kg", stable: true } as const;

const framed = (metrics: readonly NodeMetric[], timestamp: number | null = AT): Uint8Array =>
  encodePayload({ ...(timestamp === null ? {} : { timestamp }), seq: 7, metrics });
const decoded = (
  metrics: readonly NodeMetric[],
  by: typeof settings | Record<string, string | number | boolean> = settings,
) => decodeFrame("sparkplug", framed(metrics), by);
const refused = (reason: string) => ({ kind: "refused", reason });
const massOf = (type: TypeName, value: number | bigint | string, more: Partial<NodeMetric> = {}, by = {}) =>
  decoded([{ name: "M", type, value, ...more }], { ...massOnly, ...by });
const mass = (mantissa: number, exponent: number) => ({
  kind: "quantities",
  quantities: [{ kind: "mass", value: { mantissa, exponent }, unit: "kg", stability: "stable", mode: "net" }],
});

const whole: readonly NodeMetric[] = [
  { name: "Weight/Net", alias: 10, type: "Double", value: 12.34 },
  { name: "Weight/Stable", alias: 11, type: "Boolean", value: true },
  { name: "Size/L", alias: 12, type: "UInt16", value: 321 },
  { name: "Size/W", alias: 13, type: "UInt16", value: 150 },
  { name: "Size/H", alias: 14, type: "UInt16", value: 87 },
  { name: "Parcel", alias: 15, type: "String", value: "395200100000000012" },
  { name: "Battery", alias: 16, type: "Float", value: 3.7 },
];

test("SP3, SP4: the metrics that the site agreed on are a weighing, at the resolution agreed on", (t) => {
  t.deepEqual(decoded(whole), {
    kind: "quantities",
    quantities: [
      { kind: "item", item: "395200100000000012" },
      { kind: "mass", value: { mantissa: 12_340, exponent: -3 }, unit: "kg", stability: "stable", mode: "net" },
      {
        kind: "dimensions",
        length: { mantissa: 321, exponent: 0 },
        width: { mantissa: 150, exponent: 0 },
        height: { mantissa: 87, exponent: 0 },
        unit: "mm",
      },
    ],
  });
});

test("SP4: more decimals than agreed on are refused, never rounded", (t) => {
  t.deepEqual(
    massOf("Double", 12.3456, {}, { massDecimals: 3 }),
    refused('"M" has more than the 3 decimals agreed on'),
  );
  t.deepEqual(massOf("Int32", 12, {}, { massDecimals: 3 }), mass(12_000, -3));
  t.deepEqual(massOf("Double", 12.3456), mass(123_456, -4));
});

test("SP6: a number is exact in every data type, with its sign", (t) => {
  for (const type of ["Int8", "Int16", "Int32", "Int64"] as const) t.deepEqual(massOf(type, -5), mass(-5, 0), type);
  for (const type of ["UInt8", "UInt16", "UInt32", "UInt64"] as const)
    t.deepEqual(massOf(type, 200), mass(200, 0), type);
  t.deepEqual(massOf("Float", Math.fround(12.34)), mass(1234, -2), "single precision");
  t.deepEqual(massOf("String", "12.340"), mass(12_340, -3), "a text keeps its zeros");
  t.deepEqual(massOf("UInt64", 2n ** 60n), refused('"M" is no exact number of its data type'));
  t.deepEqual(massOf("Double", Number.NaN), refused('"M" is no exact number of its data type'));
  t.deepEqual(massOf("Double", Number.POSITIVE_INFINITY), refused('"M" is no exact number of its data type'));
  t.deepEqual(massOf("String", "12,34"), refused('"M" is no exact number of its data type'));
  t.deepEqual(massOf("DateTime", 5), refused('"M" is no exact number of its data type'));
});

test("SP6: a negative number in two's complement of its own width is the same number", (t) => {
  // int_value = 251: what some encoders write for an Int8 of -5.
  const bytes = Buffer.from("0801120a0a014d200150fb0108", "hex");
  const payload = Buffer.concat([bytes.subarray(0, 2), Buffer.from("12080a014d200150fb01", "hex")]);
  t.deepEqual(decodeFrame("sparkplug", payload, massOnly), mass(-5, 0));
  const beyond = Buffer.from("080112080a014d2001508002", "hex");
  t.deepEqual(decodeFrame("sparkplug", beyond, massOnly), refused('"M" is no exact number of its data type'), "256");
});

test("SP6: a value whose data type nobody said, or another one, is refused", (t) => {
  t.deepEqual(massOf("Double", 1, { withType: false }), refused('the data type of metric "M" is not said'));
  const metric = { name: "M", type: "Double" as const, value: 1 };
  const twoTypes = framed([
    { name: "M", alias: 1, type: "Float" },
    { ...metric, name: "M" },
  ]);
  t.deepEqual(decodeFrame("sparkplug", twoTypes, massOnly), refused('metric "M" has two data types'));
});

test("SP5: a null, a bad or a stale value is no value, and a zero with bad quality no measurement", (t) => {
  const nothing = { kind: "status", status: "nothing of a weighing" };
  t.deepEqual(decoded([{ name: "M", type: "Double", value: null }], massOnly), nothing);
  for (const quality of [0, 500]) t.deepEqual(massOf("Double", 0, { quality }), nothing, `quality ${quality}`);
  t.deepEqual(massOf("Double", 1.5, { quality: 192 }), mass(15, -1));
});

test("SP7: aliases are read by the definitions in front of them", (t) => {
  const definitions: readonly NodeMetric[] = [
    { name: "M", alias: 10, type: "Double" },
    { name: "Other", alias: 11, type: "Double" },
  ];
  const data: readonly NodeMetric[] = [
    { alias: 10, type: "Double", withType: false, value: 1.5 },
    { alias: 11, type: "Double", withType: false, value: 9.5 },
  ];
  const frame = Buffer.concat([encodePayload({ metrics: definitions }), framed(data)]);
  t.deepEqual(decodeFrame("sparkplug", frame, massOnly), mass(15, -1));
  t.deepEqual(decodeFrame("sparkplug", framed(data), massOnly), { kind: "status", status: "nothing of a weighing" });
  const twice = Buffer.concat([encodePayload({ metrics: [{ name: "M", alias: 11, type: "Double" }] }), frame]);
  t.deepEqual(decodeFrame("sparkplug", twice, massOnly), refused("alias 11 names two metrics"));
});

test("SP7: a metric that is said twice in one frame is refused, because only one of the two is true", (t) => {
  const twice: readonly NodeMetric[] = [
    { name: "M", type: "Double", value: 1 },
    { name: "M", type: "Double", value: 2 },
  ];
  t.deepEqual(decoded(twice, massOnly), refused('metric "M" has two values'));
});

test("SP8: without its trigger, or with one that says no, a frame is no weighing", (t) => {
  const by = { ...massOnly, trigger: "Ready" };
  const m: NodeMetric = { name: "M", type: "Double", value: 2 };
  const no = { kind: "status", status: "no weighing" };
  t.deepEqual(decoded([m], by), no);
  t.deepEqual(decoded([m, { name: "Ready", type: "Boolean", value: false }], by), no);
  t.deepEqual(decoded([m, { name: "Ready", type: "Boolean", value: null }], by), no);
  t.deepEqual(decoded([m, { name: "Ready", type: "Boolean", value: true }], by), mass(2, 0));
  t.deepEqual(decoded([m, { name: "Ready", type: "UInt64", value: 0 }], by), mass(2, 0), "a counter may be at zero");
});

test("SP9: a frame says when: its trigger, else the oldest of its values, else the payload", (t) => {
  const at = (metrics: readonly NodeMetric[], by: Record<string, string | boolean>, timestamp: number | null = AT) => {
    const protocol = protocolOf("sparkplug", by);
    return typeof protocol === "string" ? protocol : protocol.measuredAt?.(framed(metrics, timestamp));
  };
  const m: NodeMetric = { name: "M", type: "Double", value: 2 };
  t.is(at([m], massOnly), AT);
  t.is(
    at(
      [
        { ...m, timestamp: AT - 5 },
        { name: "I", type: "String", value: "X", timestamp: AT - 9 },
      ],
      { ...massOnly, item: "I" },
    ),
    AT - 9,
  );
  t.is(
    at(
      [
        { ...m, timestamp: AT - 5000 },
        { name: "T", type: "UInt64", value: 1, timestamp: AT - 1 },
      ],
      { ...massOnly, trigger: "T" },
    ),
    AT - 1,
  );
  t.is(at([m], massOnly, null), null);
  t.deepEqual(
    decodeFrame("sparkplug", framed([m], null), massOnly),
    refused("neither the payload nor its metrics say when"),
  );
});

test("SP3: settings are refused in words that say which and why", (t) => {
  const faults: readonly (readonly [Record<string, string | number | boolean>, RegExp])[] = [
    [{}, /^name at least one of/],
    [{ mass: "M" }, /^"massUnit" must be one of mg, g, kg/],
    [{ mass: "M", massUnit: "stone" }, /^"massUnit" must/],
    [{ mass: 5, massUnit: "kg" }, /^"mass" must name a metric/],
    [{ mass: "M", massUnit: "kg", massDecimals: 7 }, /^"massDecimals" must be a whole number from 0 to 6/],
    [{ mass: "M", massUnit: "kg", massMode: "tare" }, /^"massMode" must be net or gross/],
    [{ mass: "M", massUnit: "kg", stable: false }, /^"stable" must name a metric/],
    [{ length: "L", width: "W", lengthUnit: "mm" }, /come together/],
    [{ length: "L", width: "W", height: "H" }, /^"lengthUnit" must/],
    [{ item: "I", lengthUnit: "mm" }, /^"lengthUnit" is given without length/],
    [{ item: "I", massUnit: "kg" }, /^"massUnit" is given without mass/],
    [{ item: "M", mass: "M", massUnit: "kg" }, /one metric has two meanings/],
    [{ item: "I", colour: "C" }, /^"colour" is no setting of sparkplug; known: mass, /],
  ];
  for (const [wrong, words] of faults) {
    const verdict = protocolOf("sparkplug", wrong);
    t.regex(typeof verdict === "string" ? verdict : "accepted", words, JSON.stringify(wrong));
  }
  t.is(protocolOf("sparkplug"), "sparkplug needs settings");
});

test("SP1: what is no payload is refused in words, and nothing throws", (t) => {
  const not = (hex: string) => {
    const verdict = decodeFrame("sparkplug", Buffer.from(hex, "hex"), massOnly);
    return verdict.kind === "refused" ? verdict.reason : verdict.kind;
  };
  t.regex(not("12ff"), /^not a Sparkplug payload: /, "a length beyond the end");
  t.regex(not("5354"), /a group, which Sparkplug does not know/);
  t.regex(not("08010802"), /the payload has field 1 twice/);
  t.regex(not("188002"), /seq is 256/);
  t.regex(not("0d00000000"), /field 1 with wire type 5/);
  t.regex(not("120c0a014d200a690000000000"), /^not a Sparkplug payload/);
  t.regex(not("12040a02c328"), /not a Sparkplug payload/, "no UTF-8");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      t.true(["status", "refused", "quantities"].includes(decodeFrame("sparkplug", bytes, settings).kind));
    }),
    { numRuns: 500 },
  );
  const good = framed(whole);
  fc.assert(
    fc.property(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const bytes = good.map((byte, index) => (index === at ? byte ^ mask : byte));
      t.true(["status", "refused", "quantities"].includes(decodeFrame("sparkplug", bytes, settings).kind));
    }),
    { numRuns: 2000 },
  );
});

test("SP6: what an edge node encodes is read to the same digits", (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: -9_999_999, max: 9_999_999 }),
      fc.integer({ min: 0, max: 4 }),
      (mantissa, decimals) => {
        const value = Number(`${mantissa}e-${decimals}`);
        t.deepEqual(massOf("Double", value, {}, { massDecimals: decimals }), mass(mantissa + 0, -decimals + 0));
      },
    ),
  );
});
