import test from "ava";
import { cutStream, decodeFrame, protocols } from "../../../devices/protocols/index.ts";

const KG = "toledo-8217-kg";
const LB = "toledo-8217-lb";
const decoded = (name: string, body: string) => decodeFrame(name, Buffer.from(`\x02${body}\r`, "latin1"));
const mass = (mantissa: number, exponent: number, unit: string, mode: string) => ({
  kind: "quantities" as const,
  quantities: [{ kind: "mass" as const, value: { mantissa, exponent }, unit, stability: "stable" as const, mode }],
});
const status = (text: string) => ({ kind: "status" as const, status: text });

test("TE2, TE3: the sample replies of the page, byte for byte", (t) => {
  const samples = {
    "0230312e3233340d": mass(1_234, -3, "kg", "gross"),
    "0230302e3530304e0d": mass(500, -3, "kg", "net"),
    "023f410d": status("motion"),
    "023f420d": status("overload"),
    "023f440d": status("underload"),
    "023f500d": status("center-of-zero"),
    "023f700d": status("center-of-zero"),
    "020d": status("self-test-started"),
    "02450d": status("echo"),
  };
  for (const [bytes, answer] of Object.entries(samples))
    t.deepEqual(decodeFrame(KG, Buffer.from(bytes, "hex")), answer as ReturnType<typeof decodeFrame>, bytes);
});

test("TE4: pounds have two decimals, kilograms three; another number is refused and says what to do", (t) => {
  t.deepEqual(decoded(LB, "012.34"), mass(1_234, -2, "lb", "gross") as ReturnType<typeof decoded>);
  t.deepEqual(decoded(LB, "12.34N"), mass(1_234, -2, "lb", "net") as ReturnType<typeof decoded>);
  t.deepEqual(decoded(KG, " 1.234"), mass(1_234, -3, "kg", "gross") as ReturnType<typeof decoded>);
  t.deepEqual(decoded(KG, "012.34"), {
    kind: "refused",
    reason: "2 decimals, where a scale in kg shows 3: set the scale or the protocol's name to the same unit",
    shows: "a weight with 2 decimals",
  });
  for (const body of ["01.234", "1.2345", "12.3"]) t.is(decoded(LB, body).kind, "refused", body);
});

test("TE4: the unit key pressed on the scale never gives a mass in the wrong unit", (t) => {
  for (let grams = 0; grams < 15_000; grams += 7) {
    const kilograms = (grams / 1_000).toFixed(3).padStart(6, "0");
    const pounds = (grams / 453.59237).toFixed(2).padStart(6, "0");
    t.is(decoded(LB, kilograms).kind, "refused");
    t.is(decoded(KG, pounds).kind, "refused");
  }
});

test("TE2: what is no reply is refused", (t) => {
  for (const body of ["1234.567", "01.2.4", "01,234", "-1.234", "01.234G", "01 .23", "N", "?", "??", "EE", "01.234lb"])
    t.is(decoded(KG, body).kind, "refused", body);
  t.is(decodeFrame(KG, Buffer.from("\x0201.234")).kind, "refused");
  t.is(decodeFrame(KG, Buffer.from("\x0201.234\r\x0201.234\r")).kind, "refused");
});

test("TE5: every combination of the status bits gives the first trouble of the list, and net is none", (t) => {
  for (let bits = 0; bits < 0x80; bits++) {
    const has = (bit: number) => (bits & (1 << bit)) !== 0;
    const answer = decodeFrame(KG, Uint8Array.of(0x02, 0x3f, bits, 0x0d));
    if (!has(6)) {
      t.is(answer.kind, "refused", bits.toString(2));
      continue;
    }
    const order = [
      [1, "overload"],
      [0, "motion"],
      [3, "outside-zero-range"],
      [2, "underload"],
      [4, "center-of-zero"],
    ] as const;
    const expected = order.find(([bit]) => has(bit))?.[1] ?? "ready";
    t.deepEqual(answer, status(expected), bits.toString(2));
    // Bit 7 is parity.
    t.deepEqual(decodeFrame(KG, Uint8Array.of(0x02, 0x3f, bits | 0x80, 0x0d)), status(expected));
  }
});

test("TE2: an empty result of a self-test is one frame, and what follows it is read", (t) => {
  const { framing } = protocols.get(KG) ?? { framing: null };
  if (framing?.kind !== "stream") return t.fail();
  const bytes = Buffer.from("\x02?\x00\r\x0201.234\r", "latin1");
  t.deepEqual(
    cutStream(framing.takeFrame, new Uint8Array(0), bytes).parts.map(({ kind, bytes: { length } }) => [kind, length]),
    [
      ["frame", 4],
      ["frame", 8],
    ],
  );
});

test("TE7: one flipped bit gives no mass of another unit, sign or resolution", (t) => {
  const good = Buffer.from("\x0201.234\r");
  for (let at = 0; at < good.length; at++) {
    for (let bit = 0; bit < 7; bit++) {
      const answer = decodeFrame(
        KG,
        good.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte)),
      );
      if (answer.kind !== "quantities") continue;
      const [quantity] = answer.quantities;
      t.true(
        quantity?.kind === "mass" &&
          quantity.unit === "kg" &&
          quantity.value.mantissa >= 0 &&
          quantity.value.exponent === -3,
      );
    }
  }
});
