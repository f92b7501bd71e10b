import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { tallystick } from "../e2e/command.ts";
import { fileOf, NEXT, OFFENCES, SITE } from "../evidence/site.ts";

async function written(t: ExecutionContext): Promise<{ file: string; site: string; next: string; spoilt: string }> {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const path = (name: string): string => join(dir, name);
  const { offence } = OFFENCES["two-bundles"];
  if (offence.kind !== "two-bundles") throw new Error("another offence");
  const bytes = fileOf(offence);
  const [first, second] = offence.bundles;
  const forged = second.slice();
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  const spoilt = fileOf({ ...offence, bundles: [first, forged] });
  await writeFile(path("a.evidence"), bytes);
  await writeFile(path("b.evidence"), spoilt);
  await writeFile(path("SITE.json"), JSON.stringify(SITE));
  await writeFile(path("NEXT.json"), JSON.stringify(NEXT));
  return { file: path("a.evidence"), spoilt: path("b.evidence"), site: path("SITE.json"), next: path("NEXT.json") };
}

test("L8: verify tells who did what and exits with 0", async (t) => {
  const { file, site } = await written(t);
  const told = await tallystick(["verify", file, "--site", site]);
  t.deepEqual(
    [told.code, told.stdout, told.stderr],
    [0, "valid: evidence that south signed two different bundles numbered 7\n", ""],
  );
  const json = await tallystick(["verify", file, "--site", site, "--json"]);
  t.deepEqual(JSON.parse(json.stdout), {
    kind: "valid",
    gateway: "south",
    fault: "two-bundles",
    deed: "signed two different bundles numbered 7",
  });
});

test("L8: verify names the first check that fails and exits with 1", async (t) => {
  const { file, spoilt, site, next } = await written(t);
  const forged = await tallystick(["verify", spoilt, "--site", site]);
  t.deepEqual([forged.code, forged.stdout], [1, "invalid: signatures: the key of south did not sign what is shown\n"]);
  const elsewhere = await tallystick(["verify", file, "--site", next, "--json"]);
  t.is(elsewhere.code, 1);
  t.like(JSON.parse(elsewhere.stdout), { kind: "invalid", check: "site" });
});

test("L8: evidence with --anchor, without a site or without a file is wrong usage and exits with 2", async (t) => {
  const { file, site } = await written(t);
  const anchored = await tallystick(["verify", file, "--site", site, "--anchor", "http://127.0.0.1:1"]);
  t.deepEqual(
    [anchored.code, anchored.stdout, anchored.stderr],
    [2, "", "tallystick: --anchor is for receipts; evidence stands by itself\n"],
  );
  t.is((await tallystick(["verify", file])).code, 2);
  t.is((await tallystick(["verify", `${file}.not`, "--site", site])).code, 2);
});

test("L8: a false statement is judged by the site's own devices", async (t) => {
  const { file, site } = await written(t);
  await writeFile(file, fileOf(OFFENCES["false-bundle"].offence));
  const told = await tallystick(["verify", file, "--site", site]);
  t.is(told.code, 0);
  t.regex(
    told.stdout,
    /^valid: evidence that south signed bundle 7, in which statement 10 is false: device scale-1 is not registered for this gateway\n$/,
  );
});
