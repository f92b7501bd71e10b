import type { Site } from "../../ledger/management/index.ts";
import { decodeStatement, dimensionsMm, massGrams, type Statement } from "../../ledger/statement/index.ts";
import type { FinalStatement } from "../../ledger/store/port.ts";
import { GatewayFailure } from "../config/index.ts";

/** One finalized statement as a line of the export (E1). */
export type ExportRow = {
  /** Position in the log's order of statements, from 0. */
  readonly index: number;
  readonly gateway: string;
  readonly number: number;
  readonly item: string;
  /** Exact decimal of grams; its digits are the resolution that the scale displayed. */
  readonly massGrams: string;
  /** Length, width, height as they were measured. */
  readonly dimensionsMm: readonly number[];
  readonly predictedGrams: number;
  readonly verdict: "accept" | "flag";
  /** Unix ms. */
  readonly at: number;
};

/** The row and what only the API shows beside it. */
export type MeasurementRow = ExportRow & {
  readonly station: string;
  readonly lowGrams: number;
  readonly highGrams: number;
  readonly reasons: readonly string[];
};

/** The statement of a finalized entry. Its bytes were admitted before they were stored: throws STATEMENT_DAMAGED. */
export function statementOf(final: Pick<FinalStatement, "bytes">): Statement {
  const decoded = decodeStatement(final.bytes);
  if (decoded.kind === "reject")
    throw new GatewayFailure("STATEMENT_DAMAGED", { what: "a statement", reason: decoded.reason });
  return decoded.statement;
}

export function measurementRow(final: FinalStatement, site: Site): MeasurementRow {
  const { measurement, assessment } = statementOf(final);
  return {
    index: final.index,
    gateway: site.gateways[final.lane]?.name ?? String(final.lane),
    number: final.number,
    item: measurement.item,
    massGrams: massGrams(measurement.mass),
    // A JSON number of at most 15 digits is exact text; it is not the signed form, which is in the receipt.
    dimensionsMm: dimensionsMm(measurement).map(Number),
    predictedGrams: assessment.predictedGrams,
    verdict: assessment.verdict,
    at: measurement.at,
    station: measurement.station,
    lowGrams: assessment.lowGrams,
    highGrams: assessment.highGrams,
    reasons: assessment.reasons,
  };
}

/** E1: exactly the agreed keys, in their order. */
export function exportRow(final: FinalStatement, site: Site): ExportRow {
  const { index, gateway, number, item, massGrams, dimensionsMm, predictedGrams, verdict, at } = measurementRow(
    final,
    site,
  );
  return { index, gateway, number, item, massGrams, dimensionsMm, predictedGrams, verdict, at };
}
