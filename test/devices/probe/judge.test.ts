import test from "ava";
import { judge } from "../../../devices/probe/judge.ts";
import { type Protocol, protocols } from "../../../devices/protocols/index.ts";
import { encodeLine } from "../../../devices/protocols/mt-sics/index.ts";

const heard = (bytes: Uint8Array, to: Uint8Array | null = null) => [{ to, bytes }];
const named = (name: string): Protocol => {
  const protocol = protocols.get(name);
  if (protocol === undefined) throw new RangeError(name);
  return protocol;
};
const sics = named("mt-sics");
const of = (bytes: Uint8Array, to: Uint8Array | null = null) =>
  judge(heard(bytes, to), protocols.values()).map(({ protocol, certainty }) => [protocol, certainty]);

test("Y3: an answer that only one protocol gives is certain, and shuts out what merely decodes", (t) => {
  const [first, ...others] = judge(heard(encodeLine('I4 A "B0123456"')), protocols.values());
  t.like(first, { protocol: "mt-sics", certainty: "certain", why: 'answers I4 A "B0123456"<CR><LF>' });
  t.false(others.some(({ certainty }) => certainty === "possible"));
});

test("Y3: readings without an identity are likely; one alone is possible", (t) => {
  const line = encodeLine("S S     100.00 g");
  t.deepEqual(of(Buffer.concat([line, line, line])), [["mt-sics", "likely"]]);
  t.deepEqual(of(line), [["mt-sics", "possible"]]);
});

test("Y3: a reading that came when it was asked for is likely", (t) => {
  t.deepEqual(of(encodeLine("S S     100.00 g"), sics.probe?.bytes ?? null), [["mt-sics", "likely"]]);
});

test("Y3: a frame among noise is possible, noise is nothing", (t) => {
  const noise = new Uint8Array(200).fill(0xfe);
  t.deepEqual(of(Buffer.concat([noise, encodeLine("S S     100.00 g"), encodeLine("S S     100.00 g")])), [
    ["mt-sics", "possible"],
  ]);
  t.deepEqual(of(noise), []);
  t.deepEqual(of(new Uint8Array(0)), []);
});

test("Y3: two frames whose checksum holds are certain", (t) => {
  const sum: Protocol = { ...sics, name: "mt-sics", hasChecksum: true };
  delete (sum as { probe?: unknown }).probe;
  const line = encodeLine("S S     100.00 g");
  t.is(judge(heard(Buffer.concat([line, line])), [sum])[0]?.certainty, "certain");
  t.is(judge(heard(line), [sum])[0]?.certainty, "possible");
});

test("Y3: beside a likely protocol stands none that reads fewer of the same bytes", (t) => {
  const scan = (item: string): Buffer => Buffer.from(`]C1${item}\r\n`);
  // The second line ends like a bare CAS-10 weight of 33000174 kg.
  const bytes = Buffer.concat([scan("00095200144100000011"), scan("000952001441000000283300001740")]);
  const found = of(bytes);
  t.deepEqual(found[0], ["scanner-gs1", "likely"]);
  t.deepEqual(
    found.filter(([, certainty]) => certainty === "possible"),
    [],
  );
});
