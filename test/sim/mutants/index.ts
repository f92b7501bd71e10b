import { agreementMutants } from "./agreement.ts";
import { laneMutants } from "./lanes.ts";
import type { Mutant } from "./mutant.ts";
import { shellMutants } from "./shell.ts";

export { type Edit, MUTANT, type Mutant, spoil } from "./mutant.ts";

export const mutants: readonly Mutant[] = [...agreementMutants, ...laneMutants, ...shellMutants];
