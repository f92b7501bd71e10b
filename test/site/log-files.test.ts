import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { capLog, lastWords } from "../../gateway/site/log-files.ts";

function logFile(t: ExecutionContext, text: string): string {
  const dir = mkdtempSync(join(tmpdir(), "tallystick-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, "gw-1.log");
  writeFileSync(path, text);
  return path;
}

test("M9: a log over its limit begins anew beside its older part, and its writer goes on", (t) => {
  const path = logFile(t, "0123456789");
  capLog(path, 10);
  t.is(readFileSync(path, "utf8"), "0123456789");
  appendFileSync(path, "+");
  capLog(path, 10);
  t.is(readFileSync(path, "utf8"), "");
  t.is(readFileSync(`${path}.1`, "utf8"), "0123456789+");
  appendFileSync(path, "more");
  t.is(readFileSync(path, "utf8"), "more");
  t.notThrows(() => capLog(`${path}.missing`));
});

test("M5: the last words of a process are its own sentence, not what came after it or was said by an earlier one", (t) => {
  const earlier = "tallystick: an old reason\n";
  const path = logFile(t, `${earlier}2026-01-01T00:00:00Z starting\ntallystick: the reason\n    at a stack\n`);
  t.is(lastWords(path, earlier.length), "the reason");
  t.is(lastWords(logFile(t, `${earlier}one\ntwo\n`), earlier.length), "two");
  t.is(lastWords(logFile(t, ""), 0), "");
  t.is(lastWords(logFile(t, "tallystick: after the cut\n"), 10_000), "after the cut");
});
