import test from "ava";
import { AssessFailure, patient, type Recheck } from "../../gateway/assess/index.ts";

test("W9: a re-check that should be tried again is, until it has a verdict", async (t) => {
  let calls = 0;
  const check: Recheck = async () => {
    calls += 1;
    if (calls < 3) throw new AssessFailure("PREDICTION_QUEUE_FULL", { queuedRows: 2, maximumRows: 1 });
    return { kind: "accept" };
  };
  t.deepEqual(await patient(check)(0, []), { kind: "accept" });
  t.is(calls, 3);
});

test("W9: any other failure is thrown at once", async (t) => {
  const check: Recheck = async () => {
    throw new AssessFailure("PREDICTOR_CLOSED", {});
  };
  await t.throwsAsync(patient(check)(0, []), { code: "PREDICTOR_CLOSED" });
});
