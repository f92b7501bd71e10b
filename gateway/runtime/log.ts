/** Lines for people. `alarm` is for what somebody must look at. */
export type Log = { readonly info: (line: string) => void; readonly alarm: (line: string) => void };
