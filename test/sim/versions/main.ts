/**
 * `npm run sim:versions [-- --seeds A..B] [--fetch]`: the same seeds under every Node at hand, 22, 24 and 26. `--fetch` gets the
 * missing ones from the package registry into the system's temporary folder. The last line is JSON; exit code 1 = they differ.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hashUnder, missingFrom, type Runtime, runtimesHere } from "./nodes.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1..20" },
    gateways: { type: "string", default: "4" },
    fetch: { type: "boolean", default: false },
  },
});

let runtimes = await runtimesHere();
if (values.fetch) runtimes = await runtimesHere(missingFrom(runtimes).map(fetched));

const args = ["--seeds", values.seeds, "--gateways", values.gateways];
if (Number(values.gateways) >= 4) args.push("--attack", "all");
const hashes = await Promise.all(
  runtimes.map(async (runtime: Runtime) => [runtime, await hashUnder(runtime, args)] as const),
);
for (const [{ version, path }, hash] of hashes) console.log(`${version.padEnd(10)} ${hash}  ${path}`);
const isSame = new Set(hashes.map(([, hash]) => hash)).size === 1;
const missing = missingFrom(runtimes);
if (missing.length > 0) console.log(`not at hand: Node ${missing.join(", ")}; --fetch gets them`);
const versions = Object.fromEntries(hashes.map(([{ version }, hash]) => [version, hash]));
console.log(JSON.stringify({ seeds: values.seeds, same: isSame, versions, missing }));
process.exitCode = isSame ? 0 : 1;

/** The runtime of the registry's package for this platform. */
function fetched(major: number): string {
  const folder = mkdtempSync(join(tmpdir(), `node-${major}-`));
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}@${major}`;
  execFileSync("npm", ["pack", "--silent", name], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const [archive] = readdirSync(folder);
  if (archive === undefined) throw new Error(`the registry has no ${name}`);
  mkdirSync(join(folder, "unpacked"));
  execFileSync("tar", ["xzf", archive, "-C", "unpacked"], { cwd: folder });
  return join(folder, "unpacked", "package", "bin", "node");
}
