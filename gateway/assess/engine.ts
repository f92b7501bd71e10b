import { weightGraph } from "./weight-graph.ts";

/**
 * What runs the agreed model: row-major longest, middle, shortest in; low, median, high of each row out (W2). `here`: at once, on
 * this thread. `apart`: a library with a life of its own; throws PREDICTION_FAILED.
 */
export type Engine = { readonly kind: "here"; readonly run: (sides: Float32Array) => Float32Array } | EngineApart;
export type EngineApart = {
  readonly kind: "apart";
  readonly run: (sides: Float32Array) => Promise<Float32Array>;
  readonly release: () => Promise<void>;
};

/** W10. Throws MODEL_DAMAGED, MODEL_WRONG_SHAPE. */
export async function openEngine(modelPath: string, bytes: Uint8Array): Promise<Engine> {
  const graph = weightGraph(bytes);
  if (graph !== null) return { kind: "here", run: graph };
  // 33 MB of code and tables that a gateway with a model of models/train.py has no use for.
  const { openOnnxruntime } = await import("./onnxruntime.ts");
  return openOnnxruntime(modelPath, bytes);
}
