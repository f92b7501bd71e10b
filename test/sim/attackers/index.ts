/** Every attack, by name: `npm run sim -- --attack NAME`. */
import type { Attack } from "./attack.ts";

export type { Attack, AttackContext, Attacker } from "./attack.ts";

export const attacks: readonly Attack[] = [];
