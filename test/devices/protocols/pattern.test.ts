import { readFileSync } from "node:fs";
import test from "ava";
import * as fc from "fast-check";
import { parse } from "yaml";
import { cutStream, decodeFrame, protocolOf, type ProtocolSettings } from "../../../devices/protocols/index.ts";
import { parsePattern } from "../../../devices/protocols/pattern/grammar.ts";
import { match } from "../../../devices/protocols/pattern/match.ts";
import { compile } from "../../../devices/protocols/pattern/program.ts";
import { latin1, mass } from "./ascii.ts";

const program = (text: string) => compile(parsePattern(text));
const faultOf = (settings: ProtocolSettings): string => {
  const made = protocolOf("pattern", settings);
  return typeof made === "string" ? made : "no fault";
};
const groupsOf = (text: string, line: string) => {
  const groups = match(program(text), line);
  return groups === null ? null : Object.fromEntries(groups);
};

/** Patterns of the grammar, with the group names that are still free. */
const patterns: fc.Arbitrary<string> = (() => {
  const byte = fc.constantFrom(
    "a",
    "b",
    "c",
    "1",
    " ",
    ".",
    "\\d",
    "\\w",
    "\\s",
    "[ab]",
    "[^a]",
    "[a-c1]",
    "\\.",
    "\\x62",
  );
  const repeat = fc.constantFrom("", "", "?", "*", "+", "{2}", "{0,2}", "{1,3}", "{2,}");
  const repeated = fc.tuple(byte, repeat).map(([atom, sign]) => atom + sign);
  const plain = fc.array(byte, { minLength: 1, maxLength: 3 }).map((all) => all.join(""));
  const choice = fc.array(plain, { minLength: 1, maxLength: 3 }).map((all) => `(?:${all.join("|")})`);
  const group = fc.tuple(choice, repeat).map(([atom, sign]) => atom + sign);
  // What may be empty already is refused behind a "?": one character that cannot be left out.
  const solid = fc
    .tuple(byte, fc.array(fc.oneof(repeated, group), { maxLength: 2 }))
    .map(([first, more]) => first + more.join(""));
  const optional = solid.map((all) => `(?:${all})?`);
  const named = (name: string) =>
    fc.oneof(
      solid.map((all) => `(?:(?<${name}>${all}))?`),
      fc.array(fc.oneof(repeated, group), { minLength: 1, maxLength: 3 }).map((all) => `(?<${name}>${all.join("")})`),
    );
  const sequence = fc
    .tuple(
      fc.array(fc.oneof(repeated, group, optional), { maxLength: 3 }),
      named("value"),
      fc.array(fc.oneof(repeated, group, optional), { maxLength: 3 }),
      named("unit"),
    )
    .map(([before, value, between, unit]) => [...before, value, ...between, unit].join(""));
  return fc.oneof(
    sequence,
    fc.tuple(sequence, plain).map((both) => both.join("|")),
  );
})();

test("PT2: a pattern reads a line exactly as the RegExp of ECMAScript does, groups and all", (t) => {
  let matched = 0;
  fc.assert(
    fc.property(
      patterns,
      fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c", "1", ".", " "), maxLength: 12 }), {
        minLength: 20,
        maxLength: 20,
      }),
      (text, lines) => {
        const theirs = new RegExp(`^(?:${text})$`, "s");
        const ours = program(text);
        for (const line of lines) {
          const expected = theirs.exec(line);
          const groups = match(ours, line);
          t.is(groups === null, expected === null, `${text} against "${line}"`);
          if (groups === null) continue;
          matched += 1;
          const wanted = Object.entries(expected?.groups ?? {}).filter(([, value]) => value !== undefined);
          t.deepEqual(Object.fromEntries(groups), Object.fromEntries(wanted), `${text} against "${line}"`);
        }
      },
    ),
    { numRuns: 500 },
  );
  t.true(matched > 500, `${matched} lines matched`);
});

test("PT3: what makes a backtracking matcher try for ever is answered at once", (t) => {
  const line = `${"a".repeat(127)}!`;
  // 2^127 ways, if each were tried by itself.
  t.is(groupsOf("(?:a|a)*", line), null);
  t.is(groupsOf("(?:a|aa|aaa)+(?<value>b)", line), null);
  t.is(groupsOf("a*a*a*a*a*a*a*a*a*a*(?<value>b)", line), null);
});

const REFUSED: readonly (readonly [name: string, text: string, sentence: RegExp])[] = [
  ["a repetition in a repetition", "(?:a+)+", /repeats something that holds a repetition.*\(character 1\)$/],
  ["a repetition in a counted group", "x(?:a?b){2}", /holds a repetition: repeat one of the two only \(character 2\)$/],
  ["a repetition of a repetition", "a+*", /repeats what is repeated already/],
  ["an option that may be empty", "(?:a*)?", /has "\?" behind what may be empty already: leave it away/],
  ["a lazy repetition", "a+?b", /repeats what is repeated already/],
  ["a repeated group with a name", "(?<value>\\d)+", /repeats the group "value", which can hold one value only/],
  ["a group twice", "(?<value>a)(?<value>b)", /names the group "value" twice/],
  ["a group without a name", "(a)", /neither \(\?<name>\.\.\.\) nor \(\?:\.\.\.\)/],
  ["looking ahead", "(?=a)b", /neither/],
  ["a reference", "(?<value>a)\\1", /has the escape "\\1"/],
  ["an empty alternative", "a||b", /has an empty alternative/],
  ["nothing", "", /has an empty alternative/],
  ["an open group", "(?:a", /"\(" that is never closed.*\(character 1\)/],
  ["a closed nothing", "a)", /"\)" that closes nothing.*\(character 2\)/],
  ["an open class", "[ab", /"\[" that is never closed/],
  ["an empty class", "[]a]", /empty class/],
  ["a range upside down", "[z-a]", /range that goes nowhere/],
  ["a count upside down", "a{3,2}", /repeats from 3 to 2 times/],
  ["a count of nothing", "a{0}", /repeats from 0 to 0 times/],
  ["a count beyond every line", "a{129}", /repeats more than 128 times/],
  ["a bare brace", "a{x}", /"\{" that is no count/],
  ["nothing to repeat", "*a", /"\*" with nothing to repeat/],
  ["an end in the middle", "a$b", /has "\$" in the middle/],
  ["a character that is no byte", "a€", /has "€", which is no byte/],
  ["a pattern that is too long", "a".repeat(513), /longer than 512 characters/],
  ["a pattern that is too large", "(?:abcdefghij){128}", /too large \(more than 256 steps\)/],
  ["groups too deep", `${"(?:".repeat(10)}a${")".repeat(10)}`, /more than 8 deep/],
];
for (const [name, text, sentence] of REFUSED) {
  test(`PT3: refused when the configuration is read, in one sentence: ${name}`, (t) => {
    t.regex(faultOf({ line: text, unit: "kg" }), sentence);
  });
}

test("PT2, PT3: any text is a pattern or refused, and no line makes one fail", (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        patterns,
        fc.string({ unit: fc.constantFrom(..."ab(?:<value>)[]{}0,1|*+\\^$.-".split("")) }),
      ),
      fc.string(),
      (text, line) => {
        const made = protocolOf("pattern", { line: text, unit: "kg" });
        const answer = typeof made === "string" ? made : made.decodeFrame(latin1(`${line}\r\n`)).kind;
        t.true(answer.length > 0);
      },
    ),
    { numRuns: 1_000 },
  );
});

const described: ProtocolSettings = {
  line: "(?:(?<overload>OL)|(?<stability>[ ?])(?<mode>[GN])) *(?<sign>-?)(?<value>[\\d.]{1,7}) (?<unit>kg|KG|lb|stone|PCS)(?<zero>Z?)",
  ignore: "SCALE:.*|-+",
  stable: "blank",
  moving: "?",
  gross: "G",
  net: "N",
  units: "KG=kg, PCS=counting",
};
const decoded = (line: string, settings: ProtocolSettings = described) =>
  decodeFrame("pattern", latin1(`${line}\r\n`), settings);

test("PT1, PT5, PT6: groups are value, sign, unit, stability, mode, range and zero", (t) => {
  t.deepEqual(decoded(" G  12.34 kg"), mass([1234, -2], "kg", "stable", "gross"));
  t.deepEqual(decoded("?N  -0.50 KG"), mass([-50, -2], "kg", "motion", "net"));
  t.deepEqual(decoded(" G   0.00 lbZ"), mass([0, -2], "lb", "stable", "gross", ["center-of-zero"]));
  t.deepEqual(decoded("OL  99.99 kg"), { kind: "status", status: "overload" });
  t.deepEqual(decoded(" G     12 PCS"), { kind: "status", status: "counting" });
  t.deepEqual(decoded("SCALE: 1"), { kind: "status", status: "ignored" });
  t.deepEqual(decoded(" G  12.34 stone"), { kind: "refused", reason: 'unit "stone" is not known' });
  t.deepEqual(decoded(" X  12.34 kg"), { kind: "refused", reason: "the line does not fit the pattern" });
  t.deepEqual(decoded(" G  12.34 kg "), { kind: "refused", reason: "the line does not fit the pattern" });
  t.is(decoded(" G  1.2.3 kg").kind, "refused");
});

test("PT6: a word that no setting explains refuses the line", (t) => {
  const settings = { line: "(?<stability>.)(?<value>\\d+)", stable: "S", moving: "M", unit: "kg" };
  t.deepEqual(decoded("S5", settings), mass([5, 0], "kg", "stable", "unknown"));
  t.deepEqual(decoded("X5", settings), { kind: "refused", reason: 'stability "X" has no meaning in the settings' });
  t.deepEqual(decoded(" 5", settings), { kind: "refused", reason: 'stability "blank" has no meaning in the settings' });
});

test("PT6: what is not on the wire may be agreed on: unit, stability, mode", (t) => {
  const settings = { line: "(?<value>[ \\d.]{8})", unit: "g", stability: "stable", mode: "gross" };
  t.deepEqual(decoded("   12.34", settings), mass([1234, -2], "g", "stable", "gross"));
  const { stability: _, mode: __, ...silent } = settings;
  t.deepEqual(decoded("   12.34", silent), mass([1234, -2], "g", "unknown", "unknown"));
});

test("PT7: a point that is not on the wire, and a comma instead of one", (t) => {
  const whole = { line: "(?<sign>[+-])(?<value>[ \\d]{6})", unit: "kg", decimals: 3 };
  t.deepEqual(decoded("-  1234", whole), mass([-1234, -3], "kg", "unknown", "unknown"));
  t.deepEqual(decoded("+    12", whole), mass([12, -3], "kg", "unknown", "unknown"));
  t.is(decoded("+ 12 34", whole).kind, "refused");
  const comma = { line: "(?<value>[ \\d.,]+)", unit: "kg", decimalComma: true };
  t.deepEqual(decoded(" 12,340", comma), mass([12_340, -3], "kg", "unknown", "unknown"));
  t.is(decoded(" 12.340", comma).kind, "refused");
  t.is(decoded(" 1,2,3", comma).kind, "refused");
});

test("PT4: settings that are wrong are refused in one sentence that names the setting", (t) => {
  const good = { line: "(?<value>\\d+)", unit: "kg" };
  const wrong: readonly (readonly [Record<string, string | number | boolean>, RegExp])[] = [
    [{ unit: "kg" }, /^pattern needs the setting "line"/],
    [{ line: "\\d+", unit: "kg" }, /no group \(\?<value>/],
    [{ line: "(?<value>\\d+)(?<colour>.)", unit: "kg" }, /names the group "colour", which has no meaning here/],
    [{ line: "(?<value>\\d+)" }, /^no unit: name the group/],
    [{ ...good, unit: "stone" }, /^"unit" is "stone": use mg/],
    [{ line: "(?<value>\\d+)(?<unit>kg)", unit: "kg" }, /^"unit" is a group of "line" and a setting/],
    [
      { line: "(?<value>\\d+)(?<stability>.)", unit: "kg" },
      /group "stability", but no setting says what its words mean/,
    ],
    [{ ...good, stable: "S" }, /give words, but "line" has no group \(\?<stability>/],
    [{ ...good, mode: "nett" }, /^"mode" is "nett", but must be one of gross, net, unknown/],
    [{ ...good, starts: "stx", ends: "now" }, /^"ends" is "now", but must be one of crlf/],
    [{ ...good, starts: "cr", ends: "crlf" }, /start and end with cr/],
    [{ ...good, dataBits: 5 }, /^"dataBits" is 5, but must be a whole number from 7 to 8/],
    [{ ...good, longest: 129 }, /^"longest" is 129/],
    [{ ...good, longest: "64" }, /^"longest" is 64, but must be a whole number/],
    [{ ...good, decimalComma: "yes" }, /must be true or false/],
    [{ ...good, decimals: 2, decimalComma: true }, /exclude each other/],
    [{ ...good, units: "KG" }, /^"units" holds "KG": write word=unit/],
    [{ ...good, ask: "\\q" }, /^"ask" holds something else/],
    [{ ...good, ask: "W".repeat(17) }, /^"ask" is longer than 16 bytes/],
    [{ ...good, stabel: "S" }, /^"stabel" is no setting of pattern: use line, /],
    [{ ...good, line: 5 }, /^"line" is 5, but must be a text/],
    [
      { line: "(?<value>\\d+)(?<mode>.)", unit: "kg", gross: "G,,", net: "N" },
      /^"gross" holds an empty word: write blank/,
    ],
    [{ line: "(?<value>\\d+)(?<mode>.)", unit: "kg", gross: "G", net: "G" }, /which has a meaning already/],
  ];
  for (const [settings, sentence] of wrong) {
    t.regex(faultOf(settings), sentence);
    t.is(decodeFrame("pattern", latin1("5\r\n"), settings).kind, "refused");
  }
  t.is(decodeFrame("pattern", latin1("5\r\n")).kind, "refused", "without settings nothing is read");
});

test("PT8: a scale that must be asked is asked with the agreed bytes", (t) => {
  const made = protocolOf("pattern", { line: "(?<value>\\d+)", unit: "kg", ask: "\\x1bW\\r\\n" });
  if (typeof made === "string") return t.fail(made);
  const session = made.startSession?.({ pollMs: 100, replyTimeoutMs: 500, settleMs: 50, serial: null });
  const settled = session?.step({ kind: "opened", atMs: 0 }).session.step({ kind: "tick", atMs: 50 });
  t.deepEqual(settled?.effects, [{ kind: "send", bytes: Uint8Array.of(0x1b, 0x57, 0x0d, 0x0a) }]);
});

test("PT4: lines are cut by the agreed start, end and length", (t) => {
  const settings = { line: "(?<value>\\d+)", unit: "kg", starts: "stx", ends: "etx", longest: 8 };
  const made = protocolOf("pattern", settings);
  if (typeof made === "string" || made.framing.kind !== "stream") return t.fail();
  const stream = latin1("junk\x0212\x02345\x03\r\n\x02123456789\x03\x027\x03");
  const { parts } = cutStream(made.framing.takeFrame, new Uint8Array(0), stream);
  const frames = parts.filter(({ kind }) => kind === "frame").map(({ bytes }) => Buffer.from(bytes).toString("latin1"));
  t.deepEqual(frames, ["\x02345\x03", "\x027\x03"]);
  t.deepEqual(made.decodeFrame(latin1("\x02345\x03")), mass([345, 0], "kg", "unknown", "unknown"));
});

test("the pages of the README are settings, and read the lines beside them", (t) => {
  const page = readFileSync(new URL("../../../devices/protocols/pattern/README.md", import.meta.url), "utf8");
  const blocks = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = ""]) => text);
  t.true(blocks.length >= 3);
  for (const block of blocks) {
    const settings = (parse(block) as { readonly settings: ProtocolSettings }).settings;
    const made = protocolOf("pattern", settings);
    if (typeof made === "string") return t.fail(`${made} in\n${block}`);
    const lines = [...block.matchAll(/^ *# (".*") +-> (.*)$/gm)];
    t.true(lines.length >= 2, block);
    for (const [, bytes = "", answer = ""] of lines) {
      const decoded = made.decodeFrame(latin1(JSON.parse(bytes) as string));
      const [quantity] = decoded.kind === "quantities" ? decoded.quantities : [];
      const words =
        quantity?.kind === "mass"
          ? `${quantity.value.mantissa}e${quantity.value.exponent} ${quantity.unit}, ${quantity.stability}, ${quantity.mode}`
          : decoded.kind === "status"
            ? `status ${decoded.status}`
            : decoded.kind;
      t.is(words, answer.trim(), bytes);
    }
  }
});
