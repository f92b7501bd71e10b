import type { Site } from "../../ledger/management/index.ts";
import { dimensionsMm, massGrams } from "../../ledger/statement/index.ts";
import type { FinalStatement } from "../../ledger/store/port.ts";
import { exportRow, statementOf } from "./row.ts";

/** Writes finalized statements, in log order, as text. `head` and `tail` frame the whole, `line` is one statement. */
export type ExportFormat = {
  readonly head: string;
  readonly line: (final: FinalStatement, first: boolean) => string;
  readonly tail: string;
};

export const EXPORT_FORMATS = ["jsonl", "csv", "epcis"] as const;
export type ExportFormatName = (typeof EXPORT_FORMATS)[number];

export function exportFormat(name: ExportFormatName, site: Site): ExportFormat {
  switch (name) {
    case "jsonl":
      return { head: "", line: (final) => `${JSON.stringify(exportRow(final, site))}\n`, tail: "" };
    case "csv":
      return csv(site);
    case "epcis":
      return epcis(site);
  }
}

/** E2: RFC 4180 with CRLF; the three edges get a column each. */
function csv(site: Site): ExportFormat {
  const columns = [
    "index",
    "gateway",
    "number",
    "item",
    "massGrams",
    "lengthMm",
    "widthMm",
    "heightMm",
    "predictedGrams",
    "verdict",
    "at",
  ];
  return {
    head: `${columns.join(",")}\r\n`,
    line: (final) => {
      const row = exportRow(final, site);
      const cells = [
        row.index,
        row.gateway,
        row.number,
        row.item,
        row.massGrams,
        ...row.dimensionsMm,
        row.predictedGrams,
        row.verdict,
        row.at,
      ];
      return `${cells.map((cell) => quoted(String(cell))).join(",")}\r\n`;
    },
    tail: "",
  };
}

/** E2: a leading = + - @ would be run as a formula by spreadsheets; the item is the only text that a stranger chooses. */
function quoted(cell: string): string {
  const inert = /^[=+@\t]|^-\D/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** E3: EPCIS 2.0 JSON-LD, one ObjectEvent with sensor reports a statement. Its numbers are doubles: an export, never the signed form. */
function epcis(site: Site): ExportFormat {
  const created = "1970-01-01T00:00:00.000Z";
  const open = {
    "@context": [
      "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
      { tallystick: "https://tallystick.example/ns/" },
    ],
    type: "EPCISDocument",
    schemaVersion: "2.0",
    creationDate: created,
  };
  const head = `${JSON.stringify(open).slice(0, -1)},"epcisBody":{"eventList":[\n`;
  return {
    head,
    line: (final, first) => `${first ? "" : ",\n"}${JSON.stringify(epcisEvent(final, site))}`,
    tail: "\n]}}\n",
  };
}

function epcisEvent(final: FinalStatement, site: Site): Record<string, unknown> {
  const { measurement, assessment } = statementOf(final);
  const gateway = site.gateways[final.lane]?.name ?? String(final.lane);
  const time = new Date(measurement.at).toISOString();
  const location = `urn:tallystick:${site.site}:${gateway}:${measurement.station}`;
  const reports = dimensionsMm(measurement).map((mm, index) => ({
    type: "Length",
    component: ["length", "width", "height"][index],
    value: Number(mm) / 1000,
    uom: "MTR",
  }));
  return {
    type: "ObjectEvent",
    action: "OBSERVE",
    eventTime: time,
    eventTimeZoneOffset: "+00:00",
    epcList: [`urn:tallystick:${site.site}:item:${encodeURIComponent(measurement.item)}`],
    bizStep: "inspecting",
    readPoint: { id: location },
    sensorElementList: [
      {
        sensorMetadata: {
          time,
          deviceID: location,
          rawData: `urn:tallystick:${site.site}:${gateway}:statement:${final.number}`,
        },
        sensorReport: [{ type: "Mass", value: Number(massGrams(measurement.mass)) / 1000, uom: "KGM" }, ...reports],
      },
    ],
    "tallystick:index": final.index,
    "tallystick:verdict": assessment.verdict,
  };
}
