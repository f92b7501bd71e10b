import test from "ava";
import { bench as empty } from "./bench.ts";

/** A scale that has rested for long, with 12.345 kg on it. */
const bench = (protocol: string, loadGrams = 12_345) => empty(protocol, loadGrams, { stabilityTimeoutMs: 5_000 });

test("AD1, AD5, AD6: an A&D scale answers Q, waits for S, confirms keys twice and refuses what it does not know", (t) => {
  const scale = bench("and-standard");
  t.is(scale.say("Q\r\n"), "ST,+0012.345 kg\r\n");
  t.is(scale.say("T\r\n"), "\x06\x06");
  t.is(scale.say("Q\r\n"), "ST,+0000.000 kg\r\n");
  t.is(scale.say("U\r\nQ\r\n"), "\x06\x06ST,+00000.00 lb\r\n");
  t.is(scale.say("U\r\n"), "\x06\x06");
  t.is(scale.say("Z\r\n"), "EC,E02\r\n", "12 kg is beyond what the zero key takes away");
  t.is(scale.say("HELLO\r\n"), "EC,E01\r\n");
  scale.load(20_000, 10_000);
  t.regex(scale.say("Q\r\n", 10_010), /^US,/);
  t.is(scale.say("S\r\n", 10_010), "");
  t.is(scale.tick(11_000), "ST,+0007.655 kg\r\n");
  t.is(scale.say("SIR\r\n", 11_000), "");
  t.is(scale.tick(scale.wakeAtMs() ?? 0), "ST,+0007.655 kg\r\n");
  t.is(scale.say("C\r\n", 11_200), "");
  t.is(scale.wakeAtMs(), null);
});

test("AD3: an overloaded A&D scale says OL, by its sign", (t) => {
  t.is(bench("and-standard", 70_000).say("Q\r\n"), "OL,+999999.9 kg\r\n");
  t.is(bench("and-standard", -5_000).say("Q\r\n"), "OL,-999999.9 kg\r\n");
});

test("SG1-SG4: a CAS indicator sends by itself, its lamps agree with its header", (t) => {
  const scale = bench("st-gs");
  t.is(scale.tick(0), "ST,GS,1\xe4,0012.345 kg\r\n");
  t.is(scale.wakeAtMs(), 100);
  t.is(scale.say("Q\r\n"), "");
  t.is(bench("st-gs", 0).tick(0), "ST,GS,1\xe5,0000.000 kg\r\n");
  t.is(bench("st-gs", -50).tick(0), "ST,GS,1\xe4,-000.050 kg\r\n");
  t.is(bench("st-gs", 70_000).tick(0), "OL,GS,1\xa4,         kg\r\n");
});

test("CT1, CT2: a CAS indicator set to 10 bytes sends digits only", (t) => {
  t.is(bench("cas-10-kg").tick(0), "  12.345\r\n");
  t.is(bench("cas-10-lb").tick(0), "   27.22\r\n");
  t.is(bench("cas-10-kg", 70_000).tick(0), "        \r\n");
});

test("CA1, CA3: a CAS retail scale enquired and requested sends one block; a request out of turn gets NAK", (t) => {
  const scale = bench("cas");
  t.is(scale.say("\x05"), "\x06");
  t.is(scale.say("\x11"), "\x01\x02S 12.345kg\x60\x03\x04");
  t.is(scale.say("\x11"), "\x15");
  t.is(scale.say("\x05x\x11"), "\x06\x15");
  t.is(bench("cas", 70_000).say("\x05\x11"), "\x06\x01\x02SFFFFFFFkg\x19\x03\x04");
});

test("OH1, OH4, OH5: an Ohaus prints at once, at rest, again and again; ESC R takes its zero and tare away", (t) => {
  const scale = bench("ohaus");
  t.is(scale.say("IP\r\n"), "   12.345    kg G  \r\n");
  t.is(scale.say("T\r\nIP\r"), "    0.000    kg NET\r\n");
  t.is(scale.say("\x1bR\r\nIP\r\n"), "   12.345    kg G  \r\n");
  t.is(scale.say("2000T\r\nP\r\n"), "   10.345    kg NET\r\n");
  scale.load(20_000, 10_000);
  t.regex(scale.say("IP\r\n", 10_010), /^[ -] [ \d.]{7} {4}kg\?NET\r\n$/);
  t.is(scale.say("SP\r\n", 10_010), "");
  t.is(scale.tick(11_000), "   18.000    kg NET\r\n");
  t.is(scale.say("CP\r\n", 11_000), "");
  t.is(scale.tick(11_000), "   18.000    kg NET\r\n");
  t.is(scale.say("0P\r\n", 11_010), "");
  t.is(scale.tick(12_000), "");
});

test("SB1, SB3, SB5, SB7: a Sartorius prints without a unit while it moves; ESC Z calibrates and zeroes nothing", (t) => {
  const scale = bench("sartorius-sbi");
  t.is(scale.say("\x1bP\r\n"), "+   12.345 kg \r\n");
  t.is(scale.say("\x1bP\x1bP"), "+   12.345 kg \r\n+   12.345 kg \r\n", "CR LF is not needed");
  t.is(scale.say("\x1bZ\x1bP"), "      C       \r\n+   12.345 kg \r\n");
  t.is(scale.say("\x1bf4_\r\n\x1bP"), "+    0.000 kg \r\n");
  t.is(scale.say("\x1bx2_"), "             7\r\n");
  scale.load(20_000, 10_000);
  t.regex(scale.say("\x1bP", 10_010), /^[+-] *\d+\.\d{3} {4}\r\n$/);
  t.is(bench("sartorius-sbi", 70_000).say("\x1bP"), "      H       \r\n");
  t.is(bench("sartorius-sbi", -5_000).say("\x1bP"), "      L       \r\n");
});

test("RL1, RL2: a Rice Lake streams by itself and says when it is at zero, moves, or is out of range", (t) => {
  t.is(bench("rice-lake").tick(0), "\x02  12.345KG \r\n");
  t.is(bench("rice-lake", 0).tick(0), "\x02   0.000KGZ\r\n");
  t.is(bench("rice-lake", 70_000).tick(0), "\x02 ^^^^^^^KGO\r\n");
  const scale = bench("rice-lake");
  scale.load(20_000, 10_000);
  t.regex(scale.tick(10_010), /M\r\n$/);
  t.is(scale.say("KTARE\r\n", 12_000), "");
  t.is(scale.tick(12_000), "\x02   0.000KN \r\n");
});

test("RW1, RW3: a Radwag accepts first and is done later, by itself, refused, or too late", (t) => {
  const scale = bench("radwag", 500);
  t.is(scale.say("NB\r\n"), 'NB A "7"\r\n');
  t.is(scale.say("SI\r\n"), "SI        0.500 kg \r\n");
  t.is(scale.say("Z\r\n"), "Z A\r\n");
  t.is(scale.tick(10_020), "Z D\r\n");
  t.is(scale.say("SUI\r\n"), "SUI       0.000 kg \r\n");
  scale.load(20_000, 20_000);
  t.is(scale.say("S\r\n", 20_005), "S A\r\n");
  t.is(scale.tick(20_010), "");
  t.is(scale.tick(21_000), "S        19.500 kg \r\n");
  t.is(scale.say("Z\r\n", 21_000), "Z A\r\n");
  t.is(scale.tick(21_020), "Z ^\r\n");
  t.is(scale.say("XX\r\n"), "ES\r\n");
  scale.load(500, 30_000);
  t.is(scale.say("T\r\n", 30_001), "T A\r\n");
  for (let atMs = 30_100; atMs < 35_000; atMs += 100) {
    t.is(scale.tick(atMs), "");
    scale.load(atMs % 200 === 0 ? 500 : 9_000, atMs);
  }
  scale.load(700, 35_000);
  t.is(scale.tick(35_001), "T E\r\n");
});
