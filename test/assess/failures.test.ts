import { readFile } from "node:fs/promises";
import test from "ava";
import { AssessFailure, type AssessFailureCode } from "../../gateway/assess/index.ts";

const one: { readonly [Code in AssessFailureCode]: AssessFailure } = {
  MODEL_MISSING: new AssessFailure("MODEL_MISSING", { modelPath: "m" }),
  MODEL_UNREADABLE: new AssessFailure("MODEL_UNREADABLE", { modelPath: "m", cause: "EACCES" }),
  MODEL_WRONG_HASH: new AssessFailure("MODEL_WRONG_HASH", { modelPath: "m", expected: "1", got: "2" }),
  MODEL_DAMAGED: new AssessFailure("MODEL_DAMAGED", { modelPath: "m", cause: "c" }),
  MODEL_WRONG_SHAPE: new AssessFailure("MODEL_WRONG_SHAPE", { modelPath: "m", expected: "1", got: "2" }),
  MODEL_NOT_OF_SITE: new AssessFailure("MODEL_NOT_OF_SITE", { site: "s", expected: "1", got: "2" }),
  PREDICTION_QUEUE_FULL: new AssessFailure("PREDICTION_QUEUE_FULL", { queuedRows: 2, maximumRows: 1 }),
  PREDICTION_FAILED: new AssessFailure("PREDICTION_FAILED", { cause: "c" }),
  PREDICTOR_CLOSED: new AssessFailure("PREDICTOR_CLOSED", {}),
};

test("W8: the failure table of the README is the code's", async (t) => {
  const readme = await readFile(new URL("../../gateway/assess/README.md", import.meta.url), "utf8");
  const documented = [...readme.matchAll(/^\| `([A-Z_]+)` +\| (retry|restart) +\|/gmu)].map(([, code, remedy]) => [
    code,
    remedy,
  ]);
  t.deepEqual(
    documented,
    Object.entries(one).map(([code, failure]) => [code, failure.remedy]),
  );
  for (const [code, failure] of Object.entries(one)) t.is<string, string>(failure.code, code);
});
