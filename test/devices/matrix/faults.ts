/** `bits`: it damages bits on their way, which TCP does not let happen. */
export type MatrixFault = { readonly name: string; readonly fault: string | null; readonly bits?: true };

/** The columns of the matrix: thirty seconds with ten items, so that a fault of every 3 s meets several of them. */
export const faultsOfMatrix: readonly MatrixFault[] = [
  { name: "none", fault: null },
  { name: "split", fault: "split=1" },
  { name: "merge", fault: "merge=250" },
  { name: "slow", fault: "slow=120" },
  { name: "flip", fault: "flip=0.05", bits: true },
  { name: "parity", fault: "parity=0.02", bits: true },
  { name: "noise", fault: "noise=0.2", bits: true },
  { name: "flood", fault: "flood=8/20000" },
  { name: "duplicate", fault: "duplicate=0.3" },
  { name: "baud", fault: "baud=9600/19200" },
  { name: "silence", fault: "silence=3/1.3" },
  { name: "unplug", fault: "unplug=4/1.1" },
  { name: "rename", fault: "rename=4/1.1" },
  { name: "reboot", fault: "reboot=4/0.9" },
  { name: "stuck", fault: "stuck=3/1.7" },
  { name: "gap", fault: "gap=3/0.8" },
  { name: "unit", fault: "unit=5/2" },
  { name: "clock", fault: "clock=3/3600" },
];
