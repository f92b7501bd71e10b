export {
  blockHash,
  encodeBlock,
  encodeMessage,
  MAX_BLOCKS_A_MESSAGE,
  messageValue,
  readBlock,
  readMessage,
} from "./codec.ts";
export { leaderOf } from "./leaders.ts";
export { wakeAtMs } from "./pace.ts";
export { beginEpoch, genesisOf, recoverState, storedCertificate } from "./recover.ts";
export { step } from "./step.ts";
export { finalView } from "./turn.ts";
export type { Link } from "./types.ts";
export type { Block, Certificate, Effect, Input, Message, Proposal, SignedVote, State, Tip, Vote } from "./types.ts";
