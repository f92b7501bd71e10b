/** One running gateway: everything composed. The rules are in README.md. */
export { createGateway, type Gateway, type GatewayOptions, type Log } from "./gateway.ts";
export { VERSION } from "./version.ts";
