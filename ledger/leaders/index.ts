export { leaderOf, NO_SEED, type Seeds, seedFault, seedFor, seedsAfter } from "./leaders.ts";
