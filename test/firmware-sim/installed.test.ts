import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import * as door from "tallystick/firmware-sim";
import * as index from "../../firmware-sim/index.ts";

const REPOSITORY = join(import.meta.dirname, "../..");

/** A program of somebody who has installed the package. */
const program = `
import { startScale } from "tallystick/firmware-sim";
try { await startScale({ line: { kind: "tcp", port: 0 }, protocol: "abacus" }); } catch (error) { console.log(error.message); }
`;

/** As npm lays an installed package out: its files below node_modules, what it needs beside it. */
async function installed(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tallystick-installed-"));
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  for (const name of await readdir(join(REPOSITORY, "node_modules")))
    await symlink(join(REPOSITORY, "node_modules", name), join(modules, name));
  for (const part of ["package.json", "devices", "firmware-sim"])
    await cp(join(REPOSITORY, part), join(modules, "tallystick", part), { recursive: true });
  await writeFile(join(folder, "program.mjs"), program);
  return folder;
}

test("F18: the simulator can be imported where the package is installed, below node_modules", async (t) => {
  const folder = await installed();
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ["program.mjs"], { cwd: folder });
    t.regex(stdout, /^no scale speaks "abacus"/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("F18: the package's door gives what the folder's index gives, and nothing else", (t) => {
  t.deepEqual(Object.keys(door).toSorted(), Object.keys(index).toSorted());
});
