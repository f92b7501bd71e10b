import test from "ava";
import * as fc from "fast-check";
import { cutStream, decodeFrame, protocols } from "../../../devices/protocols/index.ts";
import { hasCheckDigit, printedOf, readElements } from "../../../devices/protocols/gs1/index.ts";
import { checkDigit } from "../../../firmware-sim/items.ts";

const latin = (text: string): Uint8Array => Buffer.from(text, "latin1");
const decoded = (text: string, protocol = "scanner-gs1") => decodeFrame(protocol, latin(`${text}\r`));
/** The item; a status or the reason in words. */
const said = (text: string, protocol = "scanner-gs1"): string => {
  const answer = decoded(text, protocol);
  if (answer.kind === "status") return `status ${answer.status}`;
  if (answer.kind === "refused") return `refused: ${answer.reason}`;
  return answer.quantities.map((quantity) => (quantity.kind === "item" ? quantity.item : quantity.kind)).join();
};

test("GS3, GS4: an SSCC is the item, and a wrong check digit is refused", (t) => {
  t.is(said("]C100340123451234567895"), "340123451234567895");
  t.is(said("]C100340123451234567890"), "refused: AI 00 has a wrong check digit");
});

test("GS6: what the label says of weight and size is flagged, exact, and no quantity", (t) => {
  t.deepEqual(decoded("]C1003401234512345678953302001234331300032133230001503333000087"), {
    kind: "quantities",
    quantities: [{ kind: "item", item: "340123451234567895" }],
    flags: ["printed-mass", "printed-dimensions"],
  });
  const elements = readElements("0034012345123456789533020012343441120067");
  if (typeof elements === "string") return t.fail(elements);
  t.deepEqual(printedOf(elements), [
    { what: "mass", of: "logistic-unit", unit: "kg", value: { mantissa: 1234, exponent: -2 } },
    { what: "width", of: "logistic-unit", unit: "in", value: { mantissa: 120_067, exponent: -1 } },
  ]);
});

test("GS4: SSCC before GTIN with serial number before assets before a bare GTIN; what is inside names nothing", (t) => {
  t.is(said("]d20109506000134352310300125010LOT1\x1d21S9"), "(01)09506000134352(21)S9");
  t.is(said("]C10109506000134352\x1d00340123451234567895"), "340123451234567895");
  t.is(said("]Q38004ABC-1"), "(8004)ABC-1");
  t.is(said("]Q380030950600013435277"), "(8003)0950600013435277");
  t.is(said("]Q380030950600013435377"), "refused: AI 8003 has a wrong check digit");
  t.is(said("]e00109506000134352"), "09506000134352");
  t.is(said("]C102095060001343523712"), "status no-identity");
});

test("GS5: a GS that may have been dropped is no bare GTIN, and a replaced one is refused", (t) => {
  t.regex(said("]C1010950600013435210LOT121S9"), /^refused: AI 10 at the end may hide a serial number/);
  t.is(said("]C1010950600013435210LOT1\x1d"), "09506000134352");
  t.regex(said("]C1010950600013435210LOT1<GS>21S9"), /set the scanner to send FNC1/);
  t.is(said("]C1010950600013435210LOT1|21S9"), "refused: AI 10 does not hold what it should");
});

test("GS2: unknown AIs, wrong lengths and contradictions refuse the whole string", (t) => {
  t.is(said("]C1"), "refused: the element string is empty");
  t.is(said("]C1003401234512345678955"), 'refused: "5" is no application identifier');
  t.is(said("]C1005"), "refused: AI 00 does not hold what it should");
  t.is(said("]C10109506000134352\x1d10A\x1d10B"), "refused: AI 10 stands there twice with different data");
  t.is(said(`]C10109506000134352\x1d10${"A".repeat(21)}`), "refused: AI 10 does not hold what it should");
});

test("SC3: EAN symbols are a GTIN of fourteen digits", (t) => {
  t.is(said("]E09506000134352"), "09506000134352");
  t.is(said("]E495050003"), "00000095050003");
  t.regex(said("]E09506000134353"), /^refused/);
  t.regex(said("]E0950600013435"), /^refused/);
});

test("SC4: scanner-gs1 takes nothing else; scanner-line takes a text as it stands", (t) => {
  t.is(said("]C0PALLET-17"), "status not-gs1");
  t.regex(said("PALLET-17"), /^refused: no AIM identifier/);
  t.regex(said("00340123451234567895"), /^refused/);
  t.is(said("]C0PALLET-17", "scanner-line"), "PALLET-17");
  t.is(said("PALLET-17", "scanner-line"), "PALLET-17");
  // GS1: without an identifier of GS1 it is a number.
  t.is(said("00340123451234567890", "scanner-line"), "00340123451234567890");
  t.is(said("]C100340123451234567890", "scanner-line"), "refused: AI 00 has a wrong check digit");
});

test("SC2: no-read is a status; blanks at an end, foreign bytes, short and long texts are refused", (t) => {
  for (const text of ["NoRead", "NOREAD", "NO READ"]) t.is(said(text, "scanner-line"), "status no-read");
  for (const text of ["A-1", " A-11", "A-11 ", "A-11\xe9", "A-1\x1dB", "A".repeat(65), "]C0"])
    t.regex(said(text, "scanner-line"), /^refused/, text);
});

test("SC1: CR, LF and CR LF give the same codes, however the stream was cut", (t) => {
  const { framing } = protocols.get("scanner-line") ?? { framing: { kind: "message" } };
  if (framing.kind !== "stream") return t.fail();
  const { takeFrame } = framing;
  for (const suffix of ["\r", "\n", "\r\n"]) {
    let rest: Uint8Array = new Uint8Array(0);
    const items: string[] = [];
    let noise = 0;
    for (const byte of latin(`A-11${suffix}B-22${suffix}B-22${suffix}`)) {
      const cut = cutStream(takeFrame, rest, Uint8Array.of(byte));
      ({ rest } = cut);
      for (const part of cut.parts) {
        const answer = decodeFrame("scanner-line", part.bytes);
        if (part.kind === "noise" || answer.kind !== "quantities") noise += 1;
        else items.push(...answer.quantities.map((one) => (one.kind === "item" ? one.item : "")));
      }
    }
    t.deepEqual([items, noise], [["A-11", "B-22", "B-22"], 0], JSON.stringify(suffix));
  }
});

test("GS3: an SSCC with a right check digit is read, and every other last digit is refused", (t) => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{17}$/), fc.integer({ min: 1, max: 9 }), (body, off) => {
      const right = checkDigit(body);
      t.true(hasCheckDigit(body + right));
      t.is(said(`]C100${body}${right}`), body + right);
      t.regex(said(`]C100${body}${(Number(right) + off) % 10}`), /check digit/);
    }),
    { numRuns: 300 },
  );
});

test("SC6: scanner-gs1: one flipped bit of an SSCC label never names another item", (t) => {
  const frame = latin("]C100340123451234567895\r");
  const others: string[] = [];
  for (let index = 0; index < frame.length; index++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = frame.map((byte, at) => (at === index ? byte ^ (1 << bit) : byte));
      const answer = decodeFrame("scanner-gs1", flipped);
      if (answer.kind === "quantities") others.push(`byte ${index}, bit ${bit}: ${JSON.stringify(answer.quantities)}`);
    }
  }
  t.deepEqual(others, []);
});
