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
export { readStatements } from "./contents.ts";
export {
  openBundles,
  type PackedBundle,
  packBundles,
  packStatements,
  unpackBundles,
  unpackStatements,
} from "./packed.ts";
export { pathInBundle } from "./path.ts";
