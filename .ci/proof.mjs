/**
 * Checks the safety proof with Coq (8.16: Debian's package `coq`): every file compiles, and the theorems rest on nothing
 * but the calculus itself. Plain JavaScript, as all of .ci.
 *
 * usage: node .ci/proof.mjs [DIR]      DIR: default ledger/agreement/proof
 * exit: 0 it holds, 1 it does not (with what Coq says), 3 there is no coqc here, so that nothing was checked
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** In the order in which they stand on one another; the theorems that are asked for their assumptions. */
const THEOREMS = {
  SimplexSafety: ["chain_safety", "agreement"],
  NonVacuous: ["finalizes"],
  Quorum: ["q_ok_holds", "honest_suffice", "agreement_of_a_site"],
};
const CLOSED = "Closed under the global context";

const source = process.argv[2] ?? fileURLToPath(new URL("../ledger/agreement/proof", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "tallystick-proof-"));
let answer;
try {
  answer = check();
} finally {
  rmSync(work, { recursive: true });
}
console.log(answer.line);
process.exitCode = answer.exit;

function check() {
  const version = coq("coqc", ["--version"]);
  if (version === null)
    return {
      exit: 3,
      line: "skipped: the proof was not checked, because there is no coqc here (Debian: apt install coq)",
    };
  const modules = Object.keys(THEOREMS);
  const found = readdirSync(source).filter((name) => name.endsWith(".v"));
  const unknown = found.filter((name) => !modules.includes(name.slice(0, -2)));
  // A file that nobody asks for its theorems would look as if it were checked.
  if (unknown.length > 0) return wrong(`${unknown.join(", ")} is not in the list THEOREMS of .ci/proof.mjs`);
  for (const module of modules) {
    if (!found.includes(`${module}.v`)) return wrong(`${module}.v is missing in ${source}`);
    copyFileSync(join(source, `${module}.v`), join(work, `${module}.v`));
    const compiled = coq("coqc", ["-q", `${module}.v`]);
    if (compiled.status !== 0) return wrong(`${module}.v does not check:\n${compiled.stdout}${compiled.stderr}`);
  }
  return (
    assumptions(modules) ??
    context(modules) ?? { exit: 0, line: `the proof checks and rests on no axiom (${version.stdout.split("\n")[0]})` }
  );
}

/** Asked from a file of our own: what the proof's files print themselves says nothing. */
function assumptions(modules) {
  const theorems = modules.flatMap((module) => THEOREMS[module].map((theorem) => `${module}.${theorem}`));
  const questions = theorems.map((theorem) => `Print Assumptions ${theorem}.`);
  writeFileSync(join(work, "Ask.v"), `Require ${modules.join(" ")}.\n${questions.join("\n")}\n`);
  const { status, stdout, stderr } = coq("coqc", ["-q", "Ask.v"]);
  const answers = stdout.trim().split("\n");
  const closed = status === 0 && answers.length === theorems.length && answers.every((line) => line === CLOSED);
  return closed ? null : wrong(`not every theorem is "${CLOSED}":\n${stdout}${stderr}`);
}

/** The second checker reads what was compiled: axioms that nothing uses yet, and switched off guards. */
function context(modules) {
  const { status, stdout, stderr } = coq("coqchk", [
    "-silent",
    "-o",
    ...modules.flatMap((module) => ["-norec", module]),
  ]);
  if (status !== 0) return wrong(`coqchk refuses it:\n${stdout}${stderr}`);
  // The summary comes on standard error.
  const parts = `${stdout}${stderr}`.split(/^\* /m).slice(1);
  if (parts.length < 5) return wrong(`coqchk answered in a form that is not known here:\n${stdout}${stderr}`);
  const listed = parts.filter((part) => !part.startsWith("Theory:")).flatMap((part) => part.split("\n").slice(1));
  // The library's own sealed modules stand there, too; a theorem that used its axioms would not be closed.
  const ours = listed.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("Coq."));
  return ours.length === 0 ? null : wrong(`coqchk lists what is assumed, not proven: ${ours.join(", ")}`);
}

function wrong(line) {
  return { exit: 1, line: `the proof does not hold: ${line}` };
}

/** Null when the program is not installed. */
function coq(program, args) {
  const run = spawnSync(program, args, { cwd: work, encoding: "utf8", timeout: 300_000 });
  if (run.error?.code === "ENOENT") return null;
  if (run.error !== undefined) throw run.error;
  return run;
}
