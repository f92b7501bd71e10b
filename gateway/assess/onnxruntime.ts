import { InferenceSession, Tensor } from "onnxruntime-node";
import type { EngineApart } from "./engine.ts";
import { AssessFailure } from "./failures.ts";

const INPUT = "sorted_dimensions_mm";
const OUTPUT = "grams";

/**
 * W10: any ONNX model of the right shape, on the calling thread (one intra-op thread: a run is shorter than waking a second
 * one). Throws MODEL_DAMAGED, MODEL_WRONG_SHAPE.
 */
export async function openOnnxruntime(modelPath: string, bytes: Uint8Array): Promise<EngineApart> {
  const session = await openSession(modelPath, bytes);
  checkShape(modelPath, session);
  return { kind: "apart", run: (sides) => run(session, sides), release: () => session.release() };
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

async function run(session: InferenceSession, sides: Float32Array): Promise<Float32Array> {
  const outputs = await session
    .run({ [INPUT]: new Tensor("float32", sides, [sides.length / 3, 3]) })
    .catch((failure: unknown) => {
      throw new AssessFailure("PREDICTION_FAILED", { cause: oneLine(failure) });
    });
  const grams = outputs[OUTPUT]?.data;
  if (!(grams instanceof Float32Array)) {
    throw new AssessFailure("PREDICTION_FAILED", { cause: `the model gave no ${OUTPUT}` });
  }
  return grams;
}

function oneLine(failure: unknown): string {
  return (failure instanceof Error ? failure.message : String(failure)).replace(/\s+/gu, " ").trim();
}
