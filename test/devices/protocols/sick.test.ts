import test from "ava";
import * as fc from "fast-check";
import { decodeFrame } from "../../../devices/protocols/index.ts";
import { encodeTelegram, parseTelegram, type Telegram } from "../../../devices/protocols/sick/index.ts";
import { goodTelegram as good } from "./good-frames.ts";

const decoded = (change: Partial<Telegram>) => decodeFrame("sick", encodeTelegram({ ...good, ...change }));
const kinds = (change: Partial<Telegram>) => {
  const answer = decoded(change);
  return answer.kind === "quantities" ? answer.quantities.map(({ kind }) => kind) : answer;
};
const noMass: Partial<Telegram> = { scaleError: "1", weight: "000000000" };

test("K2: the manual's telegram, byte for byte", (t) => {
  const frame = Buffer.from("\x020145;1JVGL0012345;000081212;g;0;0321;0150;0087;mm;0000;4189050\x03", "latin1");
  t.deepEqual(decodeFrame("sick", frame), {
    kind: "quantities",
    quantities: [
      { kind: "item", item: "1JVGL0012345" },
      {
        kind: "mass",
        value: { mantissa: 81_212, exponent: 0 },
        unit: "g",
        stability: "stable",
        mode: "unknown",
      },
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

test("K3: a zero is never a measurement", (t) => {
  t.deepEqual(kinds({ weight: "000000000" }), ["item", "dimensions"]);
  t.deepEqual(kinds({ height: "0000" }), ["item", "mass"]);
  t.deepEqual(kinds({ height: "0000", volume: "0000000" }), ["item", "mass"]);
});

test("K4: without a scale there is no mass, whatever the weight field says", (t) => {
  t.deepEqual(kinds({ scaleError: "1" }), ["item", "dimensions"]);
});

test("K5: outside the field there are no dimensions, whatever their fields say", (t) => {
  t.deepEqual(kinds({ status: "0001" }), ["item", "mass"]);
});

test("K3: an unread code is no item, and a telegram with nothing in it is a status", (t) => {
  t.deepEqual(kinds({ barcode: "NoRead" }), ["mass", "dimensions"]);
  const nothing = { ...noMass, barcode: "NoRead", height: "0000" };
  t.deepEqual(kinds(nothing), { kind: "status", status: "no-read" });
  t.deepEqual(kinds({ ...nothing, status: "0001" }), { kind: "status", status: "outside-field" });
  t.deepEqual(kinds({ ...nothing, status: "00A0" }), { kind: "status", status: "error-00a0" });
});

test("Q4: unknown units are refused", (t) => {
  t.deepEqual(kinds({ weightUnit: "q" }), { kind: "refused", reason: 'weight unit "q" is not known' });
  t.deepEqual(kinds({ lengthUnit: "yd" }), { kind: "refused", reason: 'length unit "yd" is not known' });
});

test("K5: a volume larger than the box says that digits were damaged", (t) => {
  t.is(decoded({ volume: "4189051" }).kind, "refused");
  t.deepEqual(kinds({ volume: "0000000" }), ["item", "mass", "dimensions"]);
});

test("K2: a damaged field refuses the whole telegram", (t) => {
  const damaged: readonly Partial<Telegram>[] = [
    { weight: "00008121" },
    { length: "032 " },
    { barcode: "" },
    { barcode: "A;B" },
    { barcode: "A\x01B" },
    { barcode: "A".repeat(65) },
    { status: "000G" },
    { scaleError: "2" },
    { volume: "418905" },
  ];
  for (const change of damaged) t.is(decoded(change).kind, "refused", JSON.stringify(change));
});

const digits = (size: number) => fc.stringMatching(new RegExp(`^[0-9]{${size}}$`));

test("K2: every telegram reads back as it was written", (t) => {
  const telegram: fc.Arbitrary<Telegram> = fc.record({
    objectNumber: digits(4),
    barcode: fc.stringMatching(/^[ -:<-~]{1,64}$/),
    weight: digits(9),
    weightUnit: fc.constantFrom("g", "kg"),
    scaleError: fc.constantFrom("0", "1"),
    length: digits(4),
    width: digits(4),
    height: digits(4),
    lengthUnit: fc.constantFrom("mm", "cm"),
    status: fc.stringMatching(/^[0-9A-F]{4}$/),
    volume: digits(9),
  });
  fc.assert(
    fc.property(telegram, (given) => {
      t.deepEqual(parseTelegram(encodeTelegram(given)), given);
    }),
    { numRuns: 200 },
  );
});

test("K2: no single flipped bit of a side goes unnoticed while it makes the box smaller", (t) => {
  const frame = encodeTelegram(good);
  const [from, to] = [33, 47];
  for (let index = from; index < to; index++) {
    for (let bit = 0; bit < 8; bit++) {
      const answer = decodeFrame(
        "sick",
        frame.map((byte, at) => (at === index ? byte ^ (1 << bit) : byte)),
      );
      if (answer.kind !== "quantities") continue;
      const box = answer.quantities.find(({ kind }) => kind === "dimensions");
      const volume = box?.kind === "dimensions" ? box.length.mantissa * box.width.mantissa * box.height.mantissa : 0;
      t.true(box === undefined || volume >= 321 * 150 * 87);
    }
  }
});
