import test from "ava";
import * as fc from "fast-check";
import { decodeFrame } from "../../../devices/protocols/index.ts";
import { encodePack, senmlJson } from "../../../devices/protocols/senml-json/index.ts";

const asIs = (text: string) => decodeFrame("senml-json", new TextEncoder().encode(text));
/** With a time, where the test says nothing of time (J8). */
const decoded = (pack: unknown) => {
  const text = typeof pack === "string" ? pack : JSON.stringify(pack);
  return asIs(text.includes('"bt"') ? text : text.replace('[{"', '[{"bt":1.8e9,"'));
};
const refusal = (pack: unknown) => {
  const answer = decoded(pack);
  return answer.kind === "refused" ? answer.reason : answer.kind;
};
const sides = '{"n":"length","u":"m","v":0.321},{"n":"width","u":"m","v":0.150},{"n":"height","u":"m","v":0.087}';

test("J2: number text is kept digit by digit", (t) => {
  t.deepEqual(decoded('[{"bn":"urn:dev:ops:32473-x:","n":"net","u":"kg","v":12.3400}]'), {
    kind: "quantities",
    quantities: [
      {
        kind: "mass",
        value: { mantissa: 123_400, exponent: -4 },
        unit: "kg",
        stability: "unknown",
        mode: "net",
      },
    ],
  });
});

test("J2: a number that only a float could hold is refused", (t) => {
  t.is(refusal('[{"n":"net","u":"kg","v":0.1234567890123456789}]'), "record 0: v is not an exact decimal number");
  t.is(refusal('[{"n":"net","u":"kg","v":1e99}]'), "record 0: v is not an exact decimal number");
});

test("J2: an object cannot pose as a number", (t) => {
  t.is(
    refusal([{ n: "net", u: "kg", v: { kind: "numberText", text: "1.5", source: "1.5" } }]),
    "record 0: v is not an exact decimal number",
  );
});

test("J3: base fields are resolved and base values are added exactly", (t) => {
  const answer = decoded(
    '[{"bn":"a:","bu":"kg","bv":10.0,"bt":1.5e9,"n":"net","v":0.25,"t":-1},{"n":"item","vs":"X"}]',
  );
  t.like(answer, {
    kind: "quantities",
    quantities: [{ kind: "item" }, { kind: "mass", value: { mantissa: 1025, exponent: -2 }, unit: "kg" }],
  });
});

test("J3: labels that must be understood are refused, other unknown labels are ignored", (t) => {
  t.is(refusal('[{"n":"item","vs":"X","x_":1}]'), 'record 0: label "x_" must be understood and is not');
  t.is(refusal('[{"n":"item","vs":"X","x":1}]'), "quantities");
  t.is(refusal('[{"bver":11,"n":"item","vs":"X"}]'), "record 0: SenML version 11 is not known");
  t.is(refusal('[{"n":"item","vs":"X","v":1}]'), "record 0: more than one value");
});

test("J4: a pack carries any of net, sides and item, and other records do no harm", (t) => {
  t.is(refusal(`[{"bn":"a:","n":"battery","u":"%EL","v":80},${sides}]`), "quantities");
  t.is(refusal('[{"n":"battery","u":"%EL","v":80}]'), "the pack carries none of net, length, width, height, item");
  t.is(refusal('[{"n":"item","vs":"X"},{"n":"item","vs":"Y"}]'), "item appears twice");
});

test("J5: two devices in one pack are refused", (t) => {
  const pack = '[{"bn":"a:","n":"item","vs":"X"},{"bn":"b:","n":"net","u":"kg","v":1}]';
  t.is(refusal(pack), "the pack carries more than one device");
});

test("J6: stability is what the pack says", (t) => {
  const pack = (stable: string) => decoded(`[{"n":"net","u":"kg","v":1},{"n":"stable",${stable}}]`);
  t.like(pack('"vb":true'), { quantities: [{ stability: "stable" }] });
  t.like(pack('"vb":false'), { quantities: [{ stability: "motion" }] });
  t.deepEqual(pack('"v":1'), { kind: "refused", reason: "stable is not true or false" });
});

test("J7: sides come together, in one unit, above zero", (t) => {
  t.is(refusal('[{"n":"length","u":"m","v":1}]'), "length, width and height come together or not at all");
  t.is(refusal(`[${sides.replace('"m"', '"mm"')}]`), "length, width and height have different units");
  t.is(refusal(`[${sides.replaceAll('"m"', '"ell"')}]`), 'unit "ell" of the dimensions is not known');
  t.is(refusal(`[${sides.replace("0.087", "0.000")}]`), "a side is not above zero");
});

test("Q4: a missing or unknown unit is never guessed", (t) => {
  t.is(refusal('[{"n":"net","v":1}]'), 'unit "" of net is not known');
  t.is(refusal('[{"n":"net","u":"stone","v":1}]'), 'unit "stone" of net is not known');
});

test("J8: a pack that does not say when is refused: the next weighing would have the same bytes", (t) => {
  const reason = "the pack does not say when: bt or t must give an absolute time";
  t.deepEqual(asIs('[{"n":"item","vs":"X"}]'), { kind: "refused", reason });
  t.deepEqual(asIs('[{"bt":-5,"n":"item","vs":"X"}]'), { kind: "refused", reason }, "relative to now");
  t.deepEqual(asIs('[{"bt":1.8e9,"n":"battery","v":1},{"n":"item","vs":"X"}]').kind, "quantities");
  t.deepEqual(asIs('[{"n":"item","vs":"X","t":1.8e9}]').kind, "quantities");
  t.deepEqual(asIs('[{"bt":1.8e9,"n":"item","vs":"X","t":-1.7e9}]'), { kind: "refused", reason });
});

test("J8: the oldest value dates the pack", (t) => {
  const pack = '[{"bt":1.8e9,"n":"net","u":"kg","v":1,"t":-2.5},{"n":"item","vs":"X","t":-1}]';
  t.is(senmlJson.measuredAt?.(new TextEncoder().encode(pack)), 1_799_999_997_500);
});

test("J1: what is not a pack is refused", (t) => {
  for (const text of ["", "{}", "[]", "[1]", "[null]", "[[]]", "nul", '[{"n":"net"', "[{}]", '"x"']) {
    t.is(decoded(text).kind, "refused", text);
  }
  t.is(decodeFrame("senml-json", Uint8Array.of(0x22, 0xff, 0x22)).kind, "refused");
});

test("J1: no JSON value makes the decoder throw", (t) => {
  const label = fc.constantFrom("bn", "n", "u", "v", "vs", "vb", "t", "bt", "bv", "__proto__", "x_");
  const record = fc.dictionary(label, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 4 }), (pack) => {
      t.true(["quantities", "status", "refused"].includes(decoded(pack).kind));
    }),
    { numRuns: 300 },
  );
});

test("J2: what is encoded is decoded to the same digits", (t) => {
  const number = fc.record({
    mantissa: fc.integer({ min: 1, max: 9_999_999 }),
    exponent: fc.integer({ min: -4, max: 0 }),
  });
  fc.assert(
    fc.property(
      number,
      number,
      number,
      number,
      fc.stringMatching(/^[ -~]{1,40}$/),
      (value, length, width, height, item) => {
        const frame = encodePack({
          baseName: "urn:dev:ops:32473-tallystick-m1:",
          atMs: 1_732_190_000_123,
          item,
          net: { value, unit: "kg", stable: true },
          dimensions: { length, width, height, unit: "m" },
        });
        t.deepEqual(decodeFrame("senml-json", frame), {
          kind: "quantities",
          quantities: [
            { kind: "item", item },
            { kind: "mass", value, unit: "kg", stability: "stable", mode: "net" },
            { kind: "dimensions", length, width, height, unit: "m" },
          ],
        });
      },
    ),
    { numRuns: 200 },
  );
});
