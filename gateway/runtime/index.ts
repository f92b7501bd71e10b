/** One running gateway: everything composed. The rules are in README.md. */
export { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
export type { Log } from "./log.ts";
export { VERSION } from "./version.ts";
