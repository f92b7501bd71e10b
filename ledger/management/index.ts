export { faultsOf, originOf, quorumOf } from "./committee.ts";
export { configHashOf } from "./config-hash.ts";
export { type ParsedSite, parseSite, siteOf } from "./parse.ts";
export type { Measures, Protocol, Site, SiteDevice, SiteDraft, SiteGateway, SiteLedger, SiteModel } from "./site.ts";
export { type SiteKeys, siteKeys } from "./site-keys.ts";
export { formatVkey, parseVkey, verifierKey } from "../log/index.ts";
