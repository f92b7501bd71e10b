/** How the process of a gateway begins. Rules in README.md. Loads nothing else, so that the process can be replaced cheaply. */
export { CODE_CACHE, GATEWAY_ENVIRONMENT, GATEWAY_FLAGS } from "./process.ts";
export { isLaunched, replaceProcess } from "./replace.ts";
export { isWarmingUp, noteWarm, warmUp } from "./warm.ts";
