import {
  type DimensionsMm,
  loadPredictor,
  modelSha256,
  type Predictor,
  shippedModelPath,
} from "../gateway/assess/index.ts";

/** Calls in flight together in the batched figure: what a busy gateway's stations and peers ask within a turn. */
const CONCURRENT_CALLS = 64;
const WARM_UP_MS = 300;
const MEASURED_MS = 1500;

/**
 * `npm run bench -- predict`: microseconds for one row, through the predictor that the gateway uses.
 * `singleUs`: one call after the other, as at low load. `batchedUs`: for each of 64 concurrent calls. `model`: SHA-256.
 */
export async function run(_args: readonly string[]): Promise<Record<string, unknown>> {
  const model = await modelSha256(shippedModelPath);
  const predictor = await loadPredictor({ modelPath: shippedModelPath, expectedSha256: model });
  try {
    const singleUs = await microsecondsPerRow(predictor, 1);
    const batchedUs = await microsecondsPerRow(predictor, CONCURRENT_CALLS);
    return { singleUs: round(singleUs), batchedUs: round(batchedUs), model };
  } finally {
    await predictor.close();
  }
}

async function microsecondsPerRow(predictor: Predictor, concurrentCalls: number): Promise<number> {
  await askFor(predictor, concurrentCalls, WARM_UP_MS);
  const start = performance.now();
  const rows = await askFor(predictor, concurrentCalls, MEASURED_MS);
  return ((performance.now() - start) * 1000) / rows;
}

/** Asks for `durationMs`; gives the number of rows. Sizes differ from row to row, so that branches are not learnt. */
async function askFor(predictor: Predictor, concurrentCalls: number, durationMs: number): Promise<number> {
  const until = performance.now() + durationMs;
  let rows = 0;
  while (performance.now() < until) {
    const calls: Promise<unknown>[] = [];
    for (let call = 0; call < concurrentCalls; call += 1) calls.push(predictor.predict([parcel(rows + call)]));
    await Promise.all(calls);
    rows += concurrentCalls;
  }
  return rows;
}

const parcel = (number: number): DimensionsMm => ({
  lengthMm: 200 + ((number * 37) % 600),
  widthMm: 150 + ((number * 23) % 250),
  heightMm: 50 + ((number * 11) % 200),
});

const round = (microseconds: number): number => Math.round(microseconds * 10) / 10;
