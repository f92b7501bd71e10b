export {
  type Bundle,
  type BundleHeader,
  type CoseParts,
  encodeCose,
  isSameContent,
  type OpenedBundle,
  openBundle,
  openProtected,
  partsOf,
  sealBundle,
  signedBytes,
} from "./bundle.ts";
export { pathInBundle } from "./path.ts";
