export { type Checkpoint, formatCheckpoint, type ParsedCheckpoint, parseCheckpoint } from "./checkpoint.ts";
export { cosign, type VerifiedCosignature, verifyCosignature } from "./cosignature.ts";
export { leafHash, nodeHash } from "./hash.ts";
export { formatNote, type Note, type NoteSignature, type ParsedNote, parseNote } from "./note.ts";
export {
  consistencyProof,
  inclusionProof,
  type ReadNode,
  rootFromPath,
  verifyConsistency,
  verifyInclusion,
} from "./proof.ts";
export { formatTlogProof, type ParsedTlogProof, parseTlogProof, type TlogProof } from "./tlog-proof.ts";
export { appendLeaf, emptyFrontier, type Frontier, type Node, rootOf, treeRoot } from "./tree.ts";
export {
  formatVkey,
  type KeyType,
  type ParsedVkey,
  parseVkey,
  type VerifierKey,
  verifierKey,
} from "./vkey.ts";
