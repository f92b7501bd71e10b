import test from "ava";
import { encodeLine } from "../../devices/protocols/mt-sics/index.ts";
import { dialects, type Speaker } from "../../firmware-sim/dialects/index.ts";
import { type Firmware, settingsOf, step, switchedOn } from "../../firmware-sim/scale/index.ts";

const speaker = dialects.get("mt-sics") as Speaker;
const settings = settingsOf(speaker, { serial: "7", stabilityTimeoutMs: 1_000 });

/** A scale to talk to: `say` gives the answers as text. */
function bench(loadGrams = 0, changed: Partial<typeof settings> = {}) {
  let firmware: Firmware = switchedOn(speaker, { ...settings, ...changed }, loadGrams, 0);
  const run = (input: Parameters<typeof step>[1], atMs: number): string => {
    const done = step(firmware, input, atMs);
    firmware = done.firmware;
    return done.answers.map(({ bytes }) => Buffer.from(bytes).toString()).join("");
  };
  return {
    say: (command: string, atMs = 10_000) => run({ kind: "received", bytes: encodeLine(command) }, atMs),
    send: (bytes: Uint8Array, atMs = 10_000) => run({ kind: "received", bytes }, atMs),
    load: (grams: number, atMs: number) => run({ kind: "load", grams }, atMs),
    tick: (atMs: number) => run({ kind: "tick" }, atMs),
    pressUnitKey: (atMs: number) => run({ kind: "unit-key" }, atMs),
    wakeAtMs: () => firmware.wakeAtMs,
  };
}

test("F10: at rest a scale shows the load rounded to its division", (t) => {
  t.is(bench(12_343).say("SI"), "S S     12.345 kg\r\n");
  t.is(bench(12_342).say("S"), "S S     12.340 kg\r\n");
  t.is(bench().say("SI"), "S S      0.000 kg\r\n");
});

test("F10: a load swings, is reported as dynamic, and comes to rest", (t) => {
  const scale = bench();
  scale.load(20_000, 10_000);
  t.regex(scale.say("SI", 10_030), /^S D /);
  t.is(scale.say("SI", 10_400), "S S     20.000 kg\r\n");
});

test("F10: the unit key changes what is shown, not what lies there", (t) => {
  const scale = bench(10_000);
  scale.pressUnitKey(10_000);
  t.is(scale.say("SI"), "S S      22.05 lb\r\n");
  scale.pressUnitKey(10_000);
  t.is(scale.say("SI"), "S S     10.000 kg\r\n");
});

test("F10: zero tracking holds an empty scale that drifts at zero; a loaded one drifts", (t) => {
  const tracking = bench(0, { driftGramsPerMinute: 10 });
  const plain = bench(0, { driftGramsPerMinute: 10, zeroTracking: false });
  const full = bench(20_000, { driftGramsPerMinute: 10 });
  for (const scale of [tracking, plain, full]) for (let atMs = 0; atMs < 60_000; atMs += 1_000) scale.tick(atMs);
  t.is(tracking.say("SI", 60_000), "S S      0.000 kg\r\n");
  t.is(plain.say("SI", 60_000), "S S      0.010 kg\r\n");
  t.is(full.say("SI", 60_000), "S S     20.010 kg\r\n");
});

test("F16: a scale says when it wants to be woken: at power-on, while it waits, never when idle", (t) => {
  const scale = bench();
  t.is(scale.wakeAtMs(), 0);
  scale.tick(0);
  t.is(scale.wakeAtMs(), null);
  scale.load(20_000, 10_000);
  scale.say("S", 10_010);
  t.is(scale.wakeAtMs(), 10_030);
  scale.say("SIR", 10_500);
  t.is(scale.wakeAtMs(), 10_600);
});

test("M5: S, Z and T wait for rest; S and Z say I when it does not come", (t) => {
  const scale = bench();
  scale.load(20_000, 10_000);
  t.is(scale.say("S", 10_010), "");
  t.is(scale.tick(10_020), "");
  t.is(scale.tick(10_500), "S S     20.000 kg\r\n");
  t.is(scale.tick(10_600), "");
  const shaken = bench();
  t.is(shaken.say("Z", 10_000), "Z A\r\n");
  shaken.load(500, 10_000);
  t.is(shaken.say("Z", 10_001), "");
  for (let atMs = 10_100; atMs < 11_000; atMs += 100) shaken.load(atMs % 200 === 0 ? 500 : 900, atMs);
  shaken.load(500, 11_000);
  t.is(shaken.tick(11_001), "Z I\r\n");
});

test("M5: SIR repeats until another command", (t) => {
  const scale = bench(1_000);
  t.is(scale.say("SIR", 0), "S S      1.000 kg\r\n");
  t.is(scale.tick(50), "");
  t.is(scale.tick(100), "S S      1.000 kg\r\n");
  t.is(scale.say("SI", 110), "S S      1.000 kg\r\n");
  t.is(scale.tick(300), "");
});

test("M5: tare is taken off the net weight, and TAC and @ clear it", (t) => {
  const scale = bench(1_000);
  t.is(scale.say("T"), "T S      1.000 kg\r\n");
  t.is(scale.say("SI"), "S S      0.000 kg\r\n");
  t.is(scale.say("TAC"), "TAC A\r\n");
  t.is(scale.say("SI"), "S S      1.000 kg\r\n");
  t.is(scale.say("TI"), "TI S      1.000 kg\r\n");
  t.is(scale.say("@"), 'I4 A "7"\r\n');
  t.is(scale.say("SI"), "S S      1.000 kg\r\n");
});

test("M5: zero is set within two percent of the capacity only", (t) => {
  t.is(bench(1_200).say("ZI"), "ZI S\r\n");
  t.is(bench(1_300).say("Z"), "Z +\r\n");
  t.is(bench(-1_300).say("ZI"), "Z -\r\n");
  const scale = bench(1_000);
  scale.say("Z");
  t.is(scale.say("SI"), "S S      0.000 kg\r\n");
});

test("M4: over and under the range there is no weight", (t) => {
  t.is(bench(60_050).say("SI"), "S +\r\n");
  t.is(bench(60_045).say("SI"), "S S     60.045 kg\r\n");
  t.is(bench(-105).say("SI"), "S -\r\n");
});

test("M5: identity and the list of commands", (t) => {
  const scale = bench();
  t.is(scale.say("I2"), 'I2 A "TALLYSTICK-SIM 60.000 kg"\r\n');
  t.is(scale.say("I4"), 'I4 A "7"\r\n');
  const list = scale.say("I0").trimEnd().split("\r\n");
  t.is(list[0], 'I0 B 0 "I0"');
  t.is(list.at(-1), 'I0 A 1 "TAC"');
  t.is(list.length, 14);
});

test("M5: what is no command gets ES, in pieces as well as whole", (t) => {
  const scale = bench();
  for (const line of ["XYZ", "si", "SI 1", " SI"]) t.is(scale.say(line), "ES\r\n", line);
  t.is(scale.send(Buffer.from("S")), "");
  t.is(scale.send(Buffer.from("I\r")), "");
  t.is(scale.send(Buffer.from("\nSI\r\n")), "S S      0.000 kg\r\nS S      0.000 kg\r\n");
});
