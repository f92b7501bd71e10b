import { massGrams, type Statement } from "../statement/index.ts";
import type { Decimal } from "../statement/index.ts";

/** T3: measurements remembered for one item. */
export const HISTORY_LIMIT = 16;

export type Verdict = "accept" | "flag";

/** Where a finalized statement stands. */
export type Place = {
  /** Index of the gateway in the site configuration. */
  readonly lane: number;
  /** Position in the log order of all statements, from 0. */
  readonly index: number;
};

export type Sighting = {
  readonly lane: number;
  readonly number: number;
  /** Exact decimal, with the resolution that the scale displayed. */
  readonly massGrams: string;
  /** Unix ms, the gateway's clock. */
  readonly at: number;
  readonly verdict: Verdict;
};

/** What the agreed log says of one item. */
export type Twin = {
  readonly item: string;
  /** Statements about the item. */
  readonly count: number;
  /** How many of them were flagged. */
  readonly flagged: number;
  /** T2: the last statement in log order. */
  readonly latest: {
    readonly lane: number;
    readonly number: number;
    readonly index: number;
    readonly at: number;
    /** kg */
    readonly mass: Decimal;
    /** kg */
    readonly division: Decimal;
    /** m */
    readonly dimensions: { readonly length: Decimal; readonly width: Decimal; readonly height: Decimal };
    readonly verdict: Verdict;
    readonly reasons: readonly string[];
  };
  /** T3: oldest first; the last is `latest`. */
  readonly history: readonly Sighting[];
};

/** T1: folds one finalized statement into the twin of its item (null: the first). */
export function foldTwin(twin: Twin | null, statement: Statement, place: Place): Twin {
  const { measurement, assessment, number } = statement;
  if (twin !== null && twin.item !== measurement.item) {
    throw new Error(`statement about ${measurement.item} folded into the twin of ${twin.item}`);
  }
  const sighting: Sighting = {
    lane: place.lane,
    number,
    massGrams: massGrams(measurement.mass),
    at: measurement.at,
    verdict: assessment.verdict,
  };
  return {
    item: measurement.item,
    count: (twin?.count ?? 0) + 1,
    flagged: (twin?.flagged ?? 0) + (assessment.verdict === "flag" ? 1 : 0),
    latest: {
      lane: place.lane,
      number,
      index: place.index,
      at: measurement.at,
      mass: measurement.mass,
      division: measurement.division,
      dimensions: measurement.dimensions,
      verdict: assessment.verdict,
      reasons: assessment.reasons,
    },
    history: [...(twin?.history ?? []).slice(1 - HISTORY_LIMIT), sighting],
  };
}
