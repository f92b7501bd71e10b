import test from "ava";
import { type ExportFormatName, exportFormat, exportRow } from "../../gateway/export/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import { encodeStatement, type Measurement } from "../../ledger/statement/index.ts";
import type { FinalStatement } from "../../ledger/store/port.ts";

const site = { site: "harbour", gateways: [{ name: "gw-1" }, { name: "gw-2" }] } as unknown as Site;

function final(index: number, item: string, verdict: "accept" | "flag" = "accept"): FinalStatement {
  const measurement: Measurement = {
    station: "dock-1",
    item,
    at: 1_800_000_000_000 + index,
    mass: { mantissa: 123_450, exponent: -5 },
    division: { mantissa: 5, exponent: -3 },
    dimensions: {
      length: { mantissa: 300, exponent: -3 },
      width: { mantissa: 2005, exponent: -4 },
      height: { mantissa: 1, exponent: -1 },
    },
    frames: [],
  };
  const figures = { predictedGrams: 1200, lowGrams: 1000, highGrams: 1500 };
  const reasons = verdict === "flag" ? ["above-interval"] : [];
  const assessment = { model: "ab".repeat(32), ...figures, verdict, reasons };
  return { index, lane: 1, number: index, bytes: encodeStatement({ number: index, measurement, assessment }) };
}

function written(name: ExportFormatName, finals: readonly FinalStatement[]): string {
  const { head, line, tail } = exportFormat(name, site);
  return head + finals.map((each, position) => line(each, position === 0)).join("") + tail;
}

test("E1: a line has exactly the agreed keys, and the digits that the scale displayed", (t) => {
  t.is(
    written("jsonl", [final(7, "A 1")]),
    `{"index":7,"gateway":"gw-2","number":7,"item":"A 1","massGrams":"1234.50","dimensionsMm":[300,200.5,100],"predictedGrams":1200,"verdict":"accept","at":1800000000007}\n`,
  );
});

test("E2: csv has a column for each edge, and no item is a formula or breaks its line", (t) => {
  const lines = written("csv", [final(0, "=1+1"), final(1, 'a "b", c'), final(2, "-7"), final(3, "-x")]).split("\r\n");
  t.is(lines[0], "index,gateway,number,item,massGrams,lengthMm,widthMm,heightMm,predictedGrams,verdict,at");
  t.is(lines[1], "0,gw-2,0,'=1+1,1234.50,300,200.5,100,1200,accept,1800000000000");
  t.is(lines[2]?.split(",gw-2,1,")[1]?.startsWith('"a ""b"", c",'), true);
  t.deepEqual([lines[3]?.split(",")[3], lines[4]?.split(",")[3], lines[5]], ["-7", "'-x", ""]);
});

test("E3: an EPCIS 2.0 document has one ObjectEvent a statement, with mass and three lengths in SI units", (t) => {
  type Document = {
    "@context": readonly unknown[];
    type: string;
    schemaVersion: string;
    creationDate: string;
    epcisBody: { eventList: readonly Record<string, unknown>[] };
  };
  const document = JSON.parse(written("epcis", [final(0, "A 1"), final(1, "B", "flag")])) as Document;
  t.like(document, { type: "EPCISDocument", schemaVersion: "2.0", creationDate: "1970-01-01T00:00:00.000Z" });
  t.is(document["@context"][0], "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld");
  const [first, second] = document.epcisBody.eventList;
  t.is(document.epcisBody.eventList.length, 2);
  t.like(first, {
    type: "ObjectEvent",
    action: "OBSERVE",
    eventTime: "2027-01-15T08:00:00.000Z",
    eventTimeZoneOffset: "+00:00",
    epcList: ["urn:tallystick:harbour:item:A%201"],
    readPoint: { id: "urn:tallystick:harbour:gw-2:dock-1" },
    "tallystick:verdict": "accept",
  });
  t.deepEqual(first?.["sensorElementList"], [
    {
      sensorMetadata: {
        time: "2027-01-15T08:00:00.000Z",
        deviceID: "urn:tallystick:harbour:gw-2:dock-1",
        rawData: "urn:tallystick:harbour:gw-2:statement:0",
      },
      sensorReport: [
        { type: "Mass", value: 1.2345, uom: "KGM" },
        { type: "Length", component: "length", value: 0.3, uom: "MTR" },
        { type: "Length", component: "width", value: 0.2005, uom: "MTR" },
        { type: "Length", component: "height", value: 0.1, uom: "MTR" },
      ],
    },
  ]);
  t.like(second, { "tallystick:index": 1, "tallystick:verdict": "flag" });
});

test("E3: an export of nothing is a whole document, too", (t) => {
  const document = JSON.parse(written("epcis", [])) as { epcisBody: { eventList: unknown } };
  t.deepEqual(document.epcisBody.eventList, []);
});

test("a stored statement that does not decode is a coded failure with the mend", (t) => {
  t.throws(() => exportRow({ ...final(0, "A"), bytes: new Uint8Array([1, 2, 3]) }, site), {
    code: "STATEMENT_DAMAGED",
    message: /its file is damaged: read from another gateway/,
  });
});
