/**
 * Reads AVA's TAP and prints the line that closes a CI run: `N passed, N failed`, with `, N skipped` when some were.
 * Plain JavaScript, because it must speak even when the project's own Node could not be installed.
 *
 * usage: node .ci/count.mjs FILE --exit CODE [--failed-steps N]
 * --exit: what the test command exited with; --failed-steps: parts of the run other than tests that failed.
 *
 * Whatever is not plainly a pass is a failure: an exit code without a failed test, a run that ended before its plan line
 * (AVA 8.0 stops writing when a test process hangs or ends itself), a test that is only planned, and a run without any test.
 */
import { existsSync, readFileSync } from "node:fs";

const [file = "", ...options] = process.argv.slice(2);
const option = (name) => Number(options[options.indexOf(name) + 1] ?? Number.NaN);
const exitCode = options.includes("--exit") ? option("--exit") : 1;
const failedSteps = options.includes("--failed-steps") ? option("--failed-steps") : 0;

const counted = countTap(existsSync(file) ? readFileSync(file, "utf8") : "");
const silentFailure = counted.failed === 0 && exitCode !== 0 && failedSteps === 0 ? 1 : 0;
const failed = counted.failed + silentFailure + failedSteps;
console.log(`${counted.passed} passed, ${failed} failed${counted.skipped > 0 ? `, ${counted.skipped} skipped` : ""}`);
process.exitCode = failed === 0 && exitCode === 0 ? 0 : 1;

function countTap(tap) {
  const lines = tap.split(/\r?\n/);
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for (const line of lines) {
    // Only at the start of a line: what a test logs is behind a `#`, what an error says is indented.
    if (!/^(?:not )?ok \d+/.test(line)) continue;
    if (line.startsWith("not ok ")) failed += 1;
    else if (line.endsWith(" # SKIP")) skipped += 1;
    else passed += 1;
  }
  const summary = lines.filter((line) => /^# fail \d+$/.test(line)).map((line) => Number(line.slice(7)));
  // Tests that never ran because their process died stand in AVA's own count only.
  failed = Math.max(failed, ...summary);
  const finished = lines.some((line) => /^1\.\.\d+$/.test(line));
  if (!finished || passed + failed === 0) failed += 1;
  return { passed, failed, skipped };
}
