/** The configuration of a gateway and what can be wrong with it. The rules are in README.md. */
export { causeOf, GatewayFailure, type GatewayFailureCode, remedies } from "./failures.ts";
export {
  CONFIG_FILE,
  type GatewayConfig,
  loadConfig,
  loadLineage,
  loadSettings,
  loadSite,
  SITE_FILE,
  storePathOf,
} from "./load.ts";
export { nearestName } from "./nearest.ts";
export { type ConfigFault, parseConfig, type ParsedConfig } from "./parse.ts";
export { faultOfProtocols } from "./protocols.ts";
export type { GatewaySettings, TransportSettings } from "./schema.ts";
