import { weightGraph } from "./weight-graph.ts";

/** What runs the agreed model. */
export type Engine = {
  /** Row-major longest, middle, shortest; gives low, median, high of each row (W2). Throws PREDICTION_FAILED. */
  readonly run: (sides: Float32Array) => Promise<Float32Array>;
  readonly release: () => Promise<void>;
};

/** W10. Throws MODEL_DAMAGED, MODEL_WRONG_SHAPE. */
export async function openEngine(modelPath: string, bytes: Uint8Array): Promise<Engine> {
  const graph = weightGraph(bytes);
  if (graph !== null) return { run: async (sides) => graph(sides), release: async () => undefined };
  // 33 MB of code and tables that a gateway with a model of models/train.py has no use for.
  const { openOnnxruntime } = await import("./onnxruntime.ts");
  return openOnnxruntime(modelPath, bytes);
}
