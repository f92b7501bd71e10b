/** The safety proof is checked by Coq, and the check can fail. Needs coqc: without it these tests are skipped, and said to be. */
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";

const PROOF = "ledger/agreement/proof";
const hasCoq = spawnSync("coqc", ["--version"]).error === undefined;
const withCoq = hasCoq ? test : test.skip;

function check(
  dir: string,
  env: NodeJS.ProcessEnv = process.env,
): { readonly exit: number | null; readonly line: string } {
  const run = spawnSync(process.execPath, [".ci/proof.mjs", dir], { encoding: "utf8", env });
  return { exit: run.status, line: run.stdout };
}

/** A copy of the proof, to spoil. */
function copy(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), "tallystick-spoilt-proof-"));
  t.teardown(() => rmSync(dir, { recursive: true }));
  cpSync(PROOF, dir, { recursive: true });
  return dir;
}

function replace(dir: string, file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(dir, file), "utf8");
  const spoilt = text.replace(from, () => to);
  if (spoilt === text) throw new Error(`${file} does not contain ${from}`);
  writeFileSync(join(dir, file), spoilt);
}

withCoq("C2, A4, A5, A6: the proof of agreement checks and rests on no axiom", (t) => {
  const { exit, line } = check(PROOF);
  t.is(exit, 0, line);
  t.regex(line, /^the proof checks and rests on no axiom/);
});

withCoq("an axiom that a theorem uses is refused", (t) => {
  const dir = copy(t);
  replace(dir, "SimplexSafety.v", "Section Simplex.", "Axiom convenient : 0 = 0.\nSection Simplex.");
  replace(
    dir,
    "SimplexSafety.v",
    "  intros L b c HR Pb Pc Fb Fc.",
    "  pose proof convenient as used. intros L b c HR Pb Pc Fb Fc.",
  );
  const { exit, line } = check(dir);
  t.is(exit, 1);
  t.regex(line, /convenient : 0 = 0/);
});

withCoq("an axiom that nothing uses yet is refused", (t) => {
  const dir = copy(t);
  appendFileSync(join(dir, "Quorum.v"), "\nAxiom for_later : 0 = 1.\n");
  const { exit, line } = check(dir);
  t.is(exit, 1);
  t.regex(line, /Quorum\.for_later/);
});

withCoq("an admitted lemma is refused, even when the file claims that all is closed", (t) => {
  const dir = copy(t);
  replace(dir, "SimplexSafety.v", /(?<=Theorem chain_safety[\s\S]*?Proof\.)[\s\S]*?Qed\./, " Admitted.");
  const { exit, line } = check(dir);
  t.is(exit, 1);
  t.regex(line, /chain_safety/);
});

withCoq(
  "a rule that is weakened no longer proves the theorem: Finalize after Nullify, a quorum too small, a view skipped",
  (t) => {
    for (const [from, to] of [
      ["| Finalize b => cert L (Notarize b) /\\ ~ In (x, Nullify (view b)) L", "| Finalize b => cert L (Notarize b)"],
      ["Hypothesis q_ok : length members + f < 2 * q.", "Hypothesis q_ok : length members < 2 * q."],
      ["forall u, view (parent b) < u < view b -> cert L (Nullify u).", "True."],
    ] as const) {
      const dir = copy(t);
      replace(dir, "SimplexSafety.v", from, to);
      const { exit, line } = check(dir);
      t.is(exit, 1, `still proven with: ${to}`);
      t.regex(line, /SimplexSafety\.v does not check/);
    }
  },
);

withCoq("a file that is not asked for its theorems is refused", (t) => {
  const dir = copy(t);
  writeFileSync(join(dir, "More.v"), "Lemma more : True. Proof. exact I. Qed.\n");
  t.is(check(dir).exit, 1);
});

test("without coqc the check says that nothing was checked", (t) => {
  const { exit, line } = check(PROOF, { ...process.env, PATH: "/nowhere" });
  t.is(exit, 3);
  t.regex(line, /^skipped: the proof was not checked/);
});
