import { InferenceSession, Tensor } from "onnxruntime-node";
import { batching } from "./batching.ts";
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
   * One prediction for each row, in order. Calls of one turn of the event loop run as one batch (W3).
   * Throws PREDICTION_QUEUE_FULL (retry), PREDICTION_FAILED, PREDICTOR_CLOSED.
   */
  readonly predict: (batch: readonly DimensionsMm[]) => Promise<readonly Prediction[]>;
  /** Answers what was asked, then frees the engine. */
  readonly close: () => Promise<void>;
};

const INPUT = "sorted_dimensions_mm";
const OUTPUT = "grams";
/** A run holds the event loop: about 1 ms for so many rows on a desktop processor, several on a small one. */
const MAXIMUM_ROWS_IN_RUN = 256;
/** W3: some hundreds of full bundles; above it callers are told to come again. */
const MAXIMUM_ROWS_QUEUED = 65_536;

/**
 * Loads the site's weight model into onnxruntime on the calling thread (one intra-op thread: a run is shorter than
 * waking a second one). Throws MODEL_MISSING, MODEL_UNREADABLE, MODEL_WRONG_HASH, MODEL_DAMAGED, MODEL_WRONG_SHAPE.
 */
export async function loadPredictor(options: {
  readonly modelPath: string;
  readonly expectedSha256: string;
}): Promise<Predictor> {
  const { modelPath, expectedSha256 } = options;
  const session = await openSession(modelPath, await readAgreedModel(modelPath, expectedSha256));
  checkShape(modelPath, session);
  const batches = batching<DimensionsMm, Prediction>({
    run: (rows) => run(session, rows),
    // After the poll phase: everything that this turn's sockets and timers asked for is in the queue by then.
    afterTurn: (start) => void setImmediate(start),
    maximumRowsInRun: MAXIMUM_ROWS_IN_RUN,
    maximumRowsQueued: MAXIMUM_ROWS_QUEUED,
  });
  return {
    model: expectedSha256,
    predict: batches.ask,
    close: async () => {
      await batches.close();
      await session.release();
    },
  };
}

async function openSession(modelPath: string, bytes: Uint8Array): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(bytes, {
      executionProviders: ["cpu"],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
      // Errors only: what goes wrong is told by the failures, not by the engine on stderr.
      logSeverityLevel: 3,
    });
  } catch (failure) {
    throw new AssessFailure("MODEL_DAMAGED", { modelPath, cause: oneLine(failure) });
  }
}

/** W2. The names and shapes are declared in the file, so a model of another kind is refused before it is ever run. */
function checkShape(modelPath: string, session: InferenceSession): void {
  const expected = `${INPUT} float32[n,3] -> ${OUTPUT} float32[n,3]`;
  const got = `${describe(session.inputMetadata)} -> ${describe(session.outputMetadata)}`;
  if (got !== expected) throw new AssessFailure("MODEL_WRONG_SHAPE", { modelPath, expected, got });
}

function describe(values: readonly InferenceSession.ValueMetadata[]): string {
  return values
    .map((value) =>
      value.isTensor ? `${value.name} ${value.type}[${value.shape.join(",")}]` : `${value.name} (no tensor)`,
    )
    .join(", ");
}

async function run(session: InferenceSession, rows: readonly DimensionsMm[]): Promise<readonly Prediction[]> {
  const outputs = await session
    .run({ [INPUT]: new Tensor("float32", sortedSides(rows), [rows.length, 3]) })
    .catch((failure: unknown) => {
      throw new AssessFailure("PREDICTION_FAILED", { cause: oneLine(failure) });
    });
  const grams = outputs[OUTPUT]?.data;
  if (!(grams instanceof Float32Array) || grams.length !== rows.length * 3) {
    throw new AssessFailure("PREDICTION_FAILED", { cause: `${rows.length} rows gave another number of figures` });
  }
  return rows.map((_, row) => predictionOf(grams.subarray(row * 3, row * 3 + 3)));
}

function predictionOf(figures: Float32Array): Prediction {
  const [low = Number.NaN, median = Number.NaN, high = Number.NaN] = figures;
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
  rows.forEach(({ lengthMm, widthMm, heightMm }, row) => {
    sides.set(
      [lengthMm, widthMm, heightMm].sort((a, b) => b - a),
      row * 3,
    );
  });
  return sides;
}

function oneLine(failure: unknown): string {
  return (failure instanceof Error ? failure.message : String(failure)).replace(/\s+/gu, " ").trim();
}
