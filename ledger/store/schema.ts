/**
 * Row ids carry a pair of numbers where SQLite would otherwise keep a second index: lane and bundle number, level and
 * position. Both stay below 2^53.
 */
const LANE_SPAN = 2 ** 40;
const LEVEL_SPAN = 2 ** 47;

/** Row id of bundle `number` of `lane`; number -1 gives a key below all of the lane's. */
export function bundleKey(lane: number, number: number): number {
  return (lane + 1) * LANE_SPAN + number;
}

export function nodeKey(level: number, index: number): number {
  return level * LEVEL_SPAN + index;
}

const FIRST = `
CREATE TABLE identity (only INTEGER PRIMARY KEY CHECK (only = 1), site TEXT NOT NULL, gateway TEXT NOT NULL, lanes INTEGER NOT NULL) STRICT;

-- Lanes. key = bundleKey(lane, number).
CREATE TABLE bundle (key INTEGER PRIMARY KEY, lane INTEGER NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL,
  first INTEGER NOT NULL, count INTEGER NOT NULL, cose BLOB NOT NULL, statements BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX bundle_first ON bundle (lane, first);
CREATE TABLE lane_certificate (lane INTEGER PRIMARY KEY, number INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;

-- Agreement above W, and the finalized chain.
CREATE TABLE vote (view INTEGER NOT NULL, vote TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (view, vote)) STRICT, WITHOUT ROWID;
CREATE TABLE proposal (view INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE certificate (view INTEGER NOT NULL, certificate TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (view, certificate)) STRICT;
CREATE TABLE block (hash TEXT PRIMARY KEY, view INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX block_view ON block (view);
-- finalization is NULL for a block that became final as the ancestor of another.
CREATE TABLE chain (view INTEGER PRIMARY KEY, hash TEXT NOT NULL, bytes BLOB NOT NULL, finalization BLOB) STRICT;
CREATE INDEX chain_finalized ON chain (view) WHERE finalization IS NOT NULL;

-- Execution. tips = JSON list; node.key = nodeKey(level, index).
CREATE TABLE executed (only INTEGER PRIMARY KEY CHECK (only = 1), view INTEGER NOT NULL, size INTEGER NOT NULL, root TEXT NOT NULL,
  statements INTEGER NOT NULL, tips TEXT NOT NULL) STRICT;
CREATE TABLE node (key INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
CREATE TABLE leaf (leaf INTEGER PRIMARY KEY, bundle INTEGER NOT NULL UNIQUE, first_index INTEGER NOT NULL UNIQUE) STRICT;
CREATE TABLE twin (item TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1), size INTEGER NOT NULL, root TEXT NOT NULL, note TEXT NOT NULL) STRICT;
CREATE TABLE anchor (size INTEGER NOT NULL, ledger TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (size, ledger)) STRICT;

-- The gateway's own.
CREATE TABLE refusal (seq INTEGER PRIMARY KEY AUTOINCREMENT, lane INTEGER NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL,
  by_gateway INTEGER NOT NULL, reason TEXT NOT NULL, evidence BLOB NOT NULL, at_ms INTEGER NOT NULL, UNIQUE (lane, number, hash, by_gateway)) STRICT;
CREATE TABLE evidence (seq INTEGER PRIMARY KEY AUTOINCREMENT, gateway INTEGER NOT NULL, fault TEXT NOT NULL, about TEXT NOT NULL,
  bytes BLOB NOT NULL, UNIQUE (gateway, fault, about)) STRICT;
CREATE TABLE reading (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, bytes BLOB NOT NULL) STRICT;
CREATE TABLE accepted (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, number INTEGER NOT NULL) STRICT;
CREATE TABLE memo (key TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
`;

const EPOCHS = `
-- A13. tips = JSON list.
CREATE TABLE epoch (epoch INTEGER PRIMARY KEY, view INTEGER NOT NULL, tips TEXT NOT NULL, document BLOB NOT NULL) STRICT;
CREATE INDEX epoch_view ON epoch (view);
-- Statements of own bundles that were void with the key that had signed them.
CREATE TABLE unsealed (first INTEGER PRIMARY KEY, statements BLOB NOT NULL) STRICT;
`;

/** S5: what each format added to the one before. The format number, in `user_version`, is how many of these a store has. */
export const SCHEMA_STEPS: readonly string[] = [FIRST, EPOCHS];
