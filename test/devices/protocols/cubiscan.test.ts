import test from "ava";
import { cutStream, decodeFrame, protocols } from "../../../devices/protocols/index.ts";
import type { Session, SessionInput } from "../../../devices/protocols/index.ts";
import { openDevice, type Reading } from "../../../devices/index.ts";
import { startDimensioner } from "../../../firmware-sim/index.ts";
import { flippedBits, latin1 } from "./ascii.ts";
import { eventually, freePort } from "../transports/port.ts";

const wire = (body: string, end = "\r\n"): Uint8Array => latin1(`\x02${body}\x03${end}`);
const decoded = (body: string, end?: string) => decodeFrame("cubiscan", wire(body, end));
const BOX = "MAC004600,L020.0,W010.0,H030.0,M,K500.50,D510.50,M,F0010,I";
const ANSWER = BOX.replace("MAC", "MAH");
const measure = Buffer.from(wire("M")).toString("hex");

test("CU2: the manual's measurement, byte for byte", (t) => {
  t.is(wire(BOX).length, 62);
  t.deepEqual(decoded(BOX), {
    kind: "quantities",
    quantities: [
      {
        kind: "dimensions",
        length: { mantissa: 200, exponent: -1 },
        width: { mantissa: 100, exponent: -1 },
        height: { mantissa: 300, exponent: -1 },
        unit: "cm",
      },
      { kind: "mass", value: { mantissa: 50_050, exponent: -2 }, unit: "kg", stability: "stable", mode: "unknown" },
    ],
  });
});

test("CU2: inches and pounds", (t) => {
  const answer = decoded(BOX.replaceAll(",M,", ",E,"));
  if (answer.kind !== "quantities") return t.fail();
  t.deepEqual(
    answer.quantities.map((quantity) => ("unit" in quantity ? quantity.unit : null)),
    ["in", "lb"],
  );
});

test("CU3: a zero is never a measurement", (t) => {
  const kinds = (body: string) => {
    const answer = decoded(body);
    return answer.kind === "quantities" ? answer.quantities.map(({ kind }) => kind) : answer;
  };
  t.deepEqual(kinds(BOX.replace("W010.0", "W000.0")), ["mass"]);
  t.deepEqual(kinds(BOX.replace("K500.50", "K000.00")), ["dimensions"]);
  const empty = "MAC004600,L000.0,W000.0,H000.0,M,K000.00,D000.00,M,F0010,I";
  t.deepEqual(kinds(empty), { kind: "status", status: "empty" });
});

test("CU1, CU4: refusals with and without LF, units, and an unknown command", (t) => {
  t.deepEqual(decoded("MNCZ"), { kind: "status", status: "zero-error" });
  t.deepEqual(decoded("MNHM", "\r"), { kind: "status", status: "measure-error" });
  t.deepEqual(decoded("MNCC", "\r"), { kind: "status", status: "corner-sensor-error" });
  t.deepEqual(decoded("UAMMI0010004600"), { kind: "status", status: "units" });
  t.deepEqual(decoded("?N", "\r"), { kind: "status", status: "unknown-command" });
  for (const body of ["DA01", "MNCX", "", BOX.slice(0, -1), BOX.replace("L020.0", "L020,0"), `${BOX} `])
    t.is(decoded(body).kind, "refused", body);
  t.is(decoded(BOX, "\r\n\0").kind, "refused");
});

test("CU1: a refusal without LF ends where the next telegram begins, and NULs are noise", (t) => {
  const { framing } = protocols.get("cubiscan") ?? { framing: { kind: "message" } };
  if (framing.kind !== "stream") return t.fail();
  const bytes = Buffer.concat([wire("MNCZ", "\r"), wire(BOX), Buffer.alloc(20), wire(ANSWER)]);
  const { parts, rest } = cutStream(framing.takeFrame, new Uint8Array(0), bytes);
  t.deepEqual(
    parts.map(({ kind, bytes: { length } }) => [kind, length]),
    [
      ["frame", 7],
      ["frame", 62],
      ["noise", 20],
      ["frame", 62],
    ],
  );
  t.is(rest.length, 0);
});

/** A session that is open, and what it did at each input. */
function talk(inputs: readonly SessionInput[], serial: string | null = null) {
  const start = protocols.get("cubiscan")?.startSession;
  if (start === null || start === undefined) throw new RangeError("a Cubiscan is talked to");
  let session: Session = start({ pollMs: 100, replyTimeoutMs: 500, settleMs: 50, serial });
  return inputs.map((input) => {
    const done = session.step(input);
    ({ session } = done);
    return done.effects.map((effect) =>
      effect.kind === "send" ? `send ${Buffer.from(effect.bytes).toString("hex")}` : effect.kind,
    );
  });
}
const frame = (body: string, atMs: number): SessionInput => ({ kind: "frame", frame: wire(body), atMs });
const opened: SessionInput = { kind: "opened", atMs: 0 };

test("CU5: a measurement counts when the host's own says the same", (t) => {
  t.deepEqual(talk([opened, frame(BOX, 10), frame(ANSWER, 900), frame(BOX, 5_000)]), [
    [],
    [`send ${measure}`],
    ["admit"],
    [`send ${measure}`],
  ]);
});

test("CU5: the same telegram twice does not confirm itself", (t) => {
  t.deepEqual(talk([opened, frame(BOX, 10), frame(BOX, 12), frame(ANSWER, 900)]).slice(2), [[], ["admit"]]);
});

test("CU5: what differs is measured again until two in a row agree, four times at most", (t) => {
  const other = (length: string) => ANSWER.replace("L020.0", `L${length}`);
  t.deepEqual(talk([opened, frame(BOX, 10), frame(other("021.0"), 900), frame(other("021.0"), 1_800)]), [
    [],
    [`send ${measure}`],
    ["damaged", `send ${measure}`],
    ["admit"],
  ]);
  const never = ["021.0", "022.0", "023.0", "024.0"].map((length, index) => frame(other(length), 900 * (index + 1)));
  const [, , ...effects] = talk([opened, frame(BOX, 10), ...never, frame(other("024.0"), 9_000)]);
  t.deepEqual(effects.at(-2), ["damaged"]);
  // Given up: what comes now is a new measurement, and is asked about anew.
  t.deepEqual(effects.at(-1), [`send ${measure}`]);
});

test("CU5: a lost answer is asked for again; a refusal ends the question", (t) => {
  const tick = (atMs: number): SessionInput => ({ kind: "tick", atMs });
  t.deepEqual(talk([opened, frame(BOX, 10), tick(1_000), tick(3_010), frame("MNHM", 4_000), frame(ANSWER, 5_000)]), [
    [],
    [`send ${measure}`],
    [],
    [`send ${measure}`],
    ["admit"],
    [`send ${measure}`],
  ]);
});

test("CU7: with a configured serial number nothing is taken", (t) => {
  t.deepEqual(talk([opened, frame(BOX, 10), frame(ANSWER, 900)], "S1").at(-1), ["damaged"]);
});

test("CU5: no flipped bit of either telegram is a measurement", (t) => {
  for (const flipped of flippedBits(wire(ANSWER), 0xff)) {
    if (decodeFrame("cubiscan", flipped).kind !== "quantities") continue;
    const [, , third] = talk([opened, frame(BOX, 10), { kind: "frame", frame: flipped, atMs: 900 }]);
    t.deepEqual(third, ["damaged", `send ${measure}`]);
  }
});

test("CU5, D1: a simulated Cubiscan on TCP is measured twice and read once; the object gone, its answer is empty", async (t) => {
  const port = await freePort();
  const dimensioner = await startDimensioner({ protocol: "cubiscan", line: { kind: "tcp", port } });
  const readings: Reading[] = [];
  const device = openDevice(
    {
      id: "d1",
      protocol: "cubiscan",
      transport: { kind: "tcp", host: "127.0.0.1", port },
      timing: { quietMs: 200, silentAfterMs: 400 },
    },
    { readings: (all) => readings.push(...all), status: () => {}, health: () => {} },
  );
  await eventually(() => device.health().state === "online", "a connection");
  dimensioner.present({ item: null, mm: [321, 150, 87] });
  await eventually(() => readings.length === 1, "one reading");
  t.deepEqual(readings[0]?.quantity, {
    kind: "dimensions",
    length: { mantissa: 321, exponent: -1 },
    width: { mantissa: 150, exponent: -1 },
    height: { mantissa: 87, exponent: -1 },
    unit: "cm",
  });
  const before = device.health().frames;
  // D4: asked for its units when it was quiet, it is not silent.
  await eventually(() => device.health().frames >= before + 2, "two answers to the probe");
  t.is(device.health().state, "online");
  t.is(readings.length, 1);
  await device.close();
  await dimensioner.close();
});
