import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import * as fc from "fast-check";
import { AssessFailure, type DimensionsMm, loadPredictor, shippedModelPath } from "../../gateway/assess/index.ts";
import { modelHash } from "./site.ts";

const directory = await mkdtemp(join(tmpdir(), "assess-"));
const predictor = await loadPredictor({ modelPath: shippedModelPath, expectedSha256: modelHash });

/** ONNX files of the right names that no trainer of ours made: Identity over [n,4], and Neg over [n,3]. */
const fourColumns = Buffer.from(
  "CAgSADpzCicKFHNvcnRlZF9kaW1lbnNpb25zX21tEgVncmFtcyIISWRlbnRpdHkSBW90aGVyWicKFHNvcnRlZF9kaW1lbnNpb25zX21tEg8KDQgBEgkKAxIBbgoCCARiGAoFZ3JhbXMSDwoNCAESCQoDEgFuCgIIBEIECgAQEQ==",
  "base64",
);
const negated = Buffer.from(
  "CAgSADpuCiIKFHNvcnRlZF9kaW1lbnNpb25zX21tEgVncmFtcyIDTmVnEgVvdGhlclonChRzb3J0ZWRfZGltZW5zaW9uc19tbRIPCg0IARIJCgMSAW4KAggDYhgKBWdyYW1zEg8KDQgBEgkKAxIBbgoCCANCBAoAEBE=",
  "base64",
);

const box = (lengthMm: number, widthMm: number, heightMm: number): DimensionsMm => ({ lengthMm, widthMm, heightMm });
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, bytes);
  return path;
}

/** low, median, high in g as the trained model gave them when it was committed. */
const golden: readonly (readonly [DimensionsMm, readonly [number, number, number]])[] = [
  [box(400, 300, 200), [1221, 3715, 15411]],
  [box(160, 110, 20), [39, 114, 320]],
  [box(225, 160, 45), [133, 303, 903]],
  [box(310, 220, 110), [581, 1174, 5078]],
  [box(600, 400, 400), [4646, 14101, 41942]],
  [box(1200, 600, 300), [8310, 24804, 48177]],
  [box(800, 60, 50), [213, 495, 1738]],
  [box(350, 345.5, 12), [98, 249, 897]],
];

test("the model gives the figures that it gave when it was committed, to a gram or a thousandth", async (t) => {
  const predictions = await predictor.predict(golden.map(([row]) => row));
  for (const [index, [, expected]] of golden.entries()) {
    const prediction = predictions[index];
    const got = prediction?.kind === "interval" ? [prediction.low, prediction.grams, prediction.high] : [];
    t.is(got.length, 3);
    got.forEach((grams, column) => {
      const target = expected[column] ?? Number.NaN;
      t.true(
        Math.abs(grams - target) <= Math.max(1, target / 1000),
        `row ${index}: ${got.join()} for ${expected.join()}`,
      );
    });
  }
});

test("the model card describes the committed model", async (t) => {
  const card: unknown = JSON.parse(await readFile(shippedModelPath.replace(/onnx$/u, "json"), "utf8"));
  const bytes = await readFile(shippedModelPath);
  t.like(card, { model: { file: "weight.onnx", sha256: sha256(bytes), bytes: bytes.length } });
  t.true(bytes.length <= 500_000);
});

test("W5: a parcel has one prediction, whichever way it lay", async (t) => {
  const turned = await predictor.predict([box(400, 300, 205), box(205, 400, 300), box(300, 205, 400)]);
  t.is(turned[0]?.kind, "interval");
  t.deepEqual(turned[1], turned[0]);
  t.deepEqual(turned[2], turned[0]);
});

test("W4, W6: every size gets whole grams in order or is unknown; no size throws", async (t) => {
  const side = fc.oneof(fc.double(), fc.double({ min: 1, max: 2000, noNaN: true }), fc.integer({ min: 5, max: 1700 }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(side, side, side), { minLength: 1, maxLength: 40 }), async (rows) => {
      const predictions = await predictor.predict(rows.map((sides) => box(...sides)));
      t.is(predictions.length, rows.length);
      for (const [index, prediction] of predictions.entries()) {
        if (prediction.kind === "unknown") continue;
        const { low, grams, high } = prediction;
        t.true([low, grams, high].every(Number.isSafeInteger) && 1 <= low && low <= grams && grams <= high);
        t.true(rows[index]?.every((mm) => mm > 0 && mm < 2000));
      }
    }),
    { numRuns: 100 },
  );
});

test("W4: the training domain of the card is the model's, bounds included", async (t) => {
  const card = JSON.parse(await readFile(shippedModelPath.replace(/onnx$/u, "json"), "utf8")) as {
    trainingDomain: Record<string, [number, number]>;
  };
  const [, longest = 0] = card.trainingDomain["longestMm"] ?? [];
  const [shortest = 0] = card.trainingDomain["shortestMm"] ?? [];
  const kinds = await predictor.predict([
    box(longest, 300, 100),
    box(longest + 0.001, 300, 100),
    box(300, 200, shortest),
    box(300, 200, shortest - 0.001),
    box(Number.NaN, 200, 100),
    box(300, -200, -100),
  ]);
  t.deepEqual(
    kinds.map(({ kind }) => kind),
    ["interval", "unknown", "interval", "unknown", "unknown", "unknown"],
  );
});

test("W3: rows predicted one by one, together or among many have the same figures", async (t) => {
  const rows = Array.from({ length: 600 }, (_, index) => box(200 + index, 150 + (index % 90), 60 + (index % 41)));
  const together = await predictor.predict(rows);
  const concurrent = (await Promise.all(rows.map((row) => predictor.predict([row])))).flat();
  t.deepEqual(concurrent, together);
  t.deepEqual(await predictor.predict([]), []);
});

const refusals: readonly (readonly [
  claim: string,
  code: string,
  load: () => Promise<[path: string, hash: string]>,
  told: RegExp,
])[] = [
  [
    "a missing model",
    "MODEL_MISSING",
    async () => [join(directory, "none.onnx"), modelHash],
    /no model at .*none\.onnx; put/u,
  ],
  ["a folder instead of a model", "MODEL_UNREADABLE", async () => [directory, modelHash], /cannot be read \(EISDIR\)/u],
  [
    "a truncated model",
    "MODEL_WRONG_HASH",
    async () => [await file("cut.onnx", (await readFile(shippedModelPath)).subarray(0, 100_000)), modelHash],
    /is damaged or not the site's: its SHA-256 is [0-9a-f]{64}, the site agreed on [0-9a-f]{64}/u,
  ],
  [
    "another model than the site's",
    "MODEL_WRONG_HASH",
    async () => [shippedModelPath, "3".repeat(64)],
    /the site agreed on 3{64}; copy/u,
  ],
  [
    "a damaged model that a site agreed on",
    "MODEL_DAMAGED",
    async () => {
      const cut = (await readFile(shippedModelPath)).subarray(0, 100_000);
      return [await file("agreed.onnx", cut), sha256(cut)];
    },
    /is not a usable ONNX file \(/u,
  ],
  [
    "an empty model that a site agreed on",
    "MODEL_DAMAGED",
    async () => [await file("empty.onnx", new Uint8Array()), sha256(new Uint8Array())],
    /is not a usable ONNX file \(/u,
  ],
  [
    "a model of another shape",
    "MODEL_WRONG_SHAPE",
    async () => [await file("four.onnx", fourColumns), sha256(fourColumns)],
    /expected sorted_dimensions_mm float32\[n,3\] -> grams float32\[n,3\], got sorted_dimensions_mm float32\[n,4\]/u,
  ],
];

for (const [claim, code, load, told] of refusals) {
  test(`W1, W2, W8: ${claim} is refused with ${code}`, async (t) => {
    const [modelPath, expectedSha256] = await load();
    const failure = await t.throwsAsync(loadPredictor({ modelPath, expectedSha256 }), {
      instanceOf: AssessFailure,
      code,
    });
    t.regex(failure?.message ?? "", told);
    t.is(failure?.remedy, "restart");
  });
}

test("W7: figures that are no interval are a failure, not a prediction", async (t) => {
  const impostor = await loadPredictor({ modelPath: await file("neg.onnx", negated), expectedSha256: sha256(negated) });
  await t.throwsAsync(impostor.predict([box(300, 200, 100)]), {
    code: "PREDICTION_FAILED",
    message: /-300, -200, -100 g/u,
  });
  await impostor.close();
});

test.after.always(async () => {
  await predictor.close();
  await rm(directory, { recursive: true });
});
