export {
  type Block,
  blockHash,
  type Certificate,
  encodeBlock,
  encodeMessage,
  hashOf,
  MAX_BLOCKS_A_MESSAGE,
  type Message,
  messageValue,
  type Proposal,
  readBlock,
  readMessage,
  type SignedVote,
  type Tip,
  type Vote,
} from "./agreement.ts";
export {
  type Ack,
  encodeLaneCertificate,
  type LaneCertificate,
  laneCertificateValue,
  type LaneMessage,
  laneMessageValue,
  MAX_BUNDLE_STATEMENTS,
  readLaneCertificate,
  readLaneMessage,
} from "./lane.ts";
export { storedBlock, storedCertificate, storedLaneCertificate, storedMessage, storedValue } from "./stored.ts";
