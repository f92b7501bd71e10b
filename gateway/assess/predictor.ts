import { batching } from "./batching.ts";
import { type EngineApart, openEngine } from "./engine.ts";
import { AssessFailure } from "./failures.ts";
import { readAgreedModel } from "./model-file.ts";

/** Outer sides in mm, in any order. */
export type DimensionsMm = { readonly lengthMm: number; readonly widthMm: number; readonly heightMm: number };

/** Whole grams, 1 <= low <= grams <= high: 90 % of parcels of this size. `unknown`: outside the training domain (W4). */
export type Prediction =
  | { readonly kind: "interval"; readonly grams: number; readonly low: number; readonly high: number }
  | { readonly kind: "unknown" };

export type Predictor = {
  /** SHA-256 of the model file, hex. */
  readonly model: string;
  /**
   * One prediction for each row, in order: at once, or with the other calls of the turn (W3).
   * Throws PREDICTION_QUEUE_FULL (retry), PREDICTION_FAILED, PREDICTOR_CLOSED.
   */
  readonly predict: (batch: readonly DimensionsMm[]) => Promise<readonly Prediction[]>;
  /** Answers what was asked, then frees the engine. */
  readonly close: () => Promise<void>;
};

/** A run holds the event loop: about 1 ms for so many rows on a desktop processor, several on a small one. */
const MAXIMUM_ROWS_IN_RUN = 256;
/** W3: some hundreds of full bundles; above it callers are told to come again. */
const MAXIMUM_ROWS_QUEUED = 65_536;

/** Loads the site's weight model. Throws MODEL_MISSING, MODEL_UNREADABLE, MODEL_WRONG_HASH, MODEL_DAMAGED, MODEL_WRONG_SHAPE. */
export async function loadPredictor(options: {
  readonly modelPath: string;
  readonly expectedSha256: string;
}): Promise<Predictor> {
  const { modelPath, expectedSha256 } = options;
  const engine = await openEngine(modelPath, await readAgreedModel(modelPath, expectedSha256));
  return {
    model: expectedSha256,
    ...(engine.kind === "here" ? answeringAtOnce(engine.run) : answeringInBatches(engine)),
  };
}

type Answering = Pick<Predictor, "predict" | "close">;

/** W3: a row costs microseconds, and what is not kept until the turn ends is gone before a collection sees it. */
function answeringAtOnce(graph: (sides: Float32Array) => Float32Array): Answering {
  let closed = false;
  return {
    predict: async (rows) => {
      if (closed) throw new AssessFailure("PREDICTOR_CLOSED", {});
      return predictionsOf(graph(sortedSides(rows)), rows.length);
    },
    close: async () => {
      closed = true;
    },
  };
}

function answeringInBatches(engine: EngineApart): Answering {
  const batches = batching<DimensionsMm, Prediction>({
    run: async (rows) => predictionsOf(await engine.run(sortedSides(rows)), rows.length),
    // After the poll phase: everything that this turn's sockets and timers asked for is in the queue by then.
    afterTurn: (start) => void setImmediate(start),
    maximumRowsInRun: MAXIMUM_ROWS_IN_RUN,
    maximumRowsQueued: MAXIMUM_ROWS_QUEUED,
  });
  return {
    predict: batches.ask,
    close: async () => {
      await batches.close();
      await engine.release();
    },
  };
}

function predictionsOf(grams: Float32Array, rows: number): readonly Prediction[] {
  if (grams.length !== rows * 3) {
    throw new AssessFailure("PREDICTION_FAILED", { cause: `${rows} rows gave another number of figures` });
  }
  return Array.from({ length: rows }, (_, row) => predictionOf(grams, row * 3));
}

function predictionOf(figures: Float32Array, at: number): Prediction {
  const low = figures[at] ?? Number.NaN;
  const median = figures[at + 1] ?? Number.NaN;
  const high = figures[at + 2] ?? Number.NaN;
  if (low === 0 && median === 0 && high === 0) return { kind: "unknown" };
  // The trainer made sure of this for every input (M6); a model for which it fails was made by something else.
  if (!(low >= 1 && low <= median && median <= high && high < Number.MAX_SAFE_INTEGER)) {
    throw new AssessFailure("PREDICTION_FAILED", { cause: `figures ${low}, ${median}, ${high} g are not an interval` });
  }
  return { kind: "interval", grams: Math.round(median), low: Math.round(low), high: Math.round(high) };
}

/** Row-major longest, middle, shortest: a parcel has one prediction, whichever way it lay on the belt. */
function sortedSides(rows: readonly DimensionsMm[]): Float32Array {
  const sides = new Float32Array(rows.length * 3);
  for (const [row, { lengthMm: a, widthMm: b, heightMm: c }] of rows.entries()) {
    sides[row * 3] = Math.max(a, b, c);
    sides[row * 3 + 1] = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    sides[row * 3 + 2] = Math.min(a, b, c);
  }
  return sides;
}
