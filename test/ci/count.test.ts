import { spawnSync } from "node:child_process";
import test from "ava";

/** Runs the counter on a sample as `.ci/run` does. The samples are what AVA 8.0.1 wrote. */
function count(sample: string, exit: number, failedSteps = 0): { readonly line: string; readonly code: number | null } {
  const file = `test/ci/samples/${sample}.tap`;
  const run = spawnSync(
    process.execPath,
    [".ci/count.mjs", file, "--exit", String(exit), "--failed-steps", String(failedSteps)],
    { encoding: "utf8" },
  );
  return { line: run.stdout, code: run.status };
}

test("a run in which all pass counts them and exits 0", (t) => {
  t.deepEqual(count("all-pass", 0), { line: "3 passed, 0 failed\n", code: 0 });
});

test("skipped tests are counted apart", (t) => {
  t.deepEqual(count("skip", 0), { line: "1 passed, 0 failed, 1 skipped\n", code: 0 });
});

test("passed, failed and skipped tests are told apart whatever tests log or errors say, and a planned test is no pass", (t) => {
  t.deepEqual(count("mixed", 1), { line: "3 passed, 3 failed, 1 skipped\n", code: 1 });
});

test("an uncaught exception and the process that dies of it are failures", (t) => {
  t.deepEqual(count("uncaught", 1), { line: "1 passed, 3 failed\n", code: 1 });
});

test("a file without a test is a failure", (t) => {
  t.deepEqual(count("no-test-in-file", 1), { line: "0 passed, 1 failed\n", code: 1 });
});

test("a file that does not load is a failure", (t) => {
  t.deepEqual(count("file-does-not-load", 1), { line: "0 passed, 2 failed\n", code: 1 });
});

test("a run that stops before its plan, because a test hung or ended the process, is a failure", (t) => {
  t.deepEqual(count("process-ended", 1), { line: "0 passed, 1 failed\n", code: 1 });
  t.deepEqual(count("process-ended", 0), { line: "0 passed, 1 failed\n", code: 1 });
});

test("a run without any test is a failure even when it exits 0", (t) => {
  t.deepEqual(count("nothing", 0), { line: "0 passed, 1 failed\n", code: 1 });
});

test("no output at all is a failure", (t) => {
  t.deepEqual(count("no-such-sample", 0), { line: "0 passed, 1 failed\n", code: 1 });
});

test("a failed test whose title ends like a directive does not hide", (t) => {
  t.deepEqual(count("hidden-failure", 1), { line: "0 passed, 1 failed\n", code: 1 });
});

test("an exit code other than 0 is a failure even when every test passed", (t) => {
  t.deepEqual(count("all-pass", 134), { line: "3 passed, 1 failed\n", code: 1 });
});

test("a check that failed beside the tests is counted as failed", (t) => {
  t.deepEqual(count("all-pass", 0, 2), { line: "3 passed, 2 failed\n", code: 1 });
});
