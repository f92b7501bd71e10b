import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { generateKey } from "../../ledger/crypto/index.ts";
import { formatVkey, type Site, verifierKey } from "../../ledger/management/index.ts";
import { buildReceipt, unpackReceipt } from "../../ledger/receipt/index.ts";
import { fixedReceiptInput, fixedSite } from "../vectors/site.ts";

const SCRIPT = join(import.meta.dirname, "verify-foreign.sh");
const TOOLS = ["openssl", "python", "go"] as const;
type Tool = (typeof TOOLS)[number];

type Run = { readonly code: number; readonly output: string };

/** Runs the script as an auditor would. */
function run(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Run> {
  return new Promise((resolve) => {
    execFile("bash", [SCRIPT, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

/** A receipt unpacked into a directory of its own, beside the site file. */
async function unpacked(t: ExecutionContext, number: number): Promise<{ dir: string; site: string }> {
  const opened = unpackReceipt(buildReceipt(fixedReceiptInput(number)));
  if (opened.kind === "reject") throw new Error(opened.reason);
  const dir = await mkdtemp(join(tmpdir(), "tallystick-foreign-"));
  t.teardown(() => rm(dir, { recursive: true }));
  for (const [name, bytes] of Object.entries(opened.files)) await writeFile(join(dir, name), bytes);
  const site = join(dir, "SITE.json");
  await writeFile(site, JSON.stringify(fixedSite(), null, 2));
  return { dir, site };
}

async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

/** The same site in the hands of others: every key is another one. */
function strangers(): Site {
  const site = fixedSite();
  const vkey = (name: string, type: 1 | 4) => formatVkey(verifierKey(name, type, generateKey().publicKey));
  return {
    ...site,
    gateways: site.gateways.map((gateway) => ({
      ...gateway,
      key: vkey(`harbour/${gateway.name}`, 1),
      checkpointKey: vkey(`harbour/${gateway.name}`, 4),
    })),
  };
}

/** Which byte of which file each verifier must notice; negative counts from the end. */
const TAMPERED: Record<Tool, readonly (readonly [file: string, at: number])[]> = {
  openssl: [
    ["statement.cbor", 20],
    ["statement.cose", 60],
    ["statement.cose", -1],
    ["bundle.cose", -1],
    ["bundle.cose", -70],
  ],
  python: [
    ["statement.cbor", 20],
    ["statement.cose", 60],
    ["statement.cose", -1],
    ["bundle.cose", -1],
    ["bundle.cose", -70],
  ],
  go: [
    ["bundle.cose", 60],
    ["bundle.tlog-proof", 29],
    ["bundle.tlog-proof", 40],
    ["bundle.tlog-proof", -30],
    ["anchor.json", 90],
  ],
};

for (const tool of TOOLS) {
  const missing = execFileSync("bash", [SCRIPT, "--missing", tool], { encoding: "utf8" }).trim();
  const declare = missing === "" ? test : test.skip;
  const needs = missing === "" ? "" : ` (skipped: needs ${missing})`;

  declare(`V7: ${tool} verifies receipts from bundles of one, three and five statements${needs}`, async (t) => {
    for (const number of [0, 1, 3, 4, 8]) {
      const { dir, site } = await unpacked(t, number);
      const { code, output } = await run([dir, site, tool]);
      t.is(code, 0, output);
      t.regex(output, new RegExp(`^ok: ${tool}: `));
    }
  });

  declare(`V7: ${tool} refuses a receipt with a changed part, or of another site${needs}`, async (t) => {
    for (const [file, at] of TAMPERED[tool]) {
      const { dir, site } = await unpacked(t, 2);
      await flip(join(dir, file), at);
      const { code, output } = await run([dir, site, tool]);
      t.is(code, 1, `${file} ${at}: ${output}`);
      t.regex(output, new RegExp(`^failed: ${tool}: `));
    }
    const { dir, site } = await unpacked(t, 2);
    await writeFile(site, JSON.stringify(strangers()));
    const { code, output } = await run([dir, site, tool]);
    t.is(code, 1, output);
  });
}

test("V7: a tool that is missing is reported as skipped, with exit code 3, never as a pass", async (t) => {
  const { dir, site } = await unpacked(t, 0);
  // A PATH with the shell's own tools and none of the verifiers'.
  const bin = await mkdtemp(join(tmpdir(), "tallystick-path-"));
  t.teardown(() => rm(bin, { recursive: true }));
  for (const tool of ["bash", "dirname", "basename"]) {
    const path = execFileSync("bash", ["-c", `command -v ${tool}`], { encoding: "utf8" }).trim();
    await writeFile(join(bin, tool), `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 });
  }
  const { code, output } = await run([dir, site], { PATH: bin });
  t.is(code, 3, output);
  t.deepEqual(
    output
      .trim()
      .split("\n")
      .map((line) => line.replace(/needs .*/, "needs")),
    TOOLS.map((tool) => `skipped: ${tool}: needs`),
  );
});

test("V7: wrong usage is exit code 2", async (t) => {
  t.is((await run([])).code, 2);
  t.is((await run(["/nonexistent", "/nonexistent"])).code, 2);
  const { dir, site } = await unpacked(t, 0);
  t.is((await run([dir, site, "abacus"])).code, 2);
});
