/** `node --import` this: the modules of the mutant named in the environment are loaded with its edits, nothing on disk changes. */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { MUTANT, mutants, spoil } from "./index.ts";

const ROOT = new URL("../../../", import.meta.url);

const mutant = mutants.find(({ name }) => name === process.env[MUTANT]);
if (mutant === undefined) throw new Error(`there is no mutant ${process.env[MUTANT]}`);
const { edits } = mutant;

registerHooks({
  load: (url, context, nextLoad) => {
    const here = edits.filter(({ file }) => new URL(file, ROOT).href === url);
    if (here.length === 0) return nextLoad(url, context);
    const source = here.reduce(spoil, readFileSync(new URL(url), "utf8"));
    return { format: "module-typescript", shortCircuit: true, source };
  },
});
