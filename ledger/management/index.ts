export { faultsOf, originOf, quorumOf, votersOf } from "./committee.ts";
export { configHashOf } from "./config-hash.ts";
export {
  type ApprovedSite,
  currentOf,
  decodeApproved,
  encodeApproved,
  faultOfStep,
  type Lineage,
  lineageJson,
  lineageOf,
  type ParsedLineage,
  parseLineage,
  sitesOf,
} from "./lineage.ts";
export { type ParsedSite, parseSite, siteOf } from "./parse.ts";
export type { Measures, Site, SiteDevice, SiteDraft, SiteGateway, SiteLedger, SiteModel } from "./site.ts";
export { approvalBytes, approvalsHold, faultOfSuccessor, type VerifyOf, verifyWithKeys } from "./successor.ts";
export { type SiteKeys, siteKeys } from "./site-keys.ts";
export { formatVkey, parseVkey, verifierKey } from "../log/index.ts";
