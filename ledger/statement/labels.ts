/** S1: labels of SenML-CBOR (RFC 8428 section 6, table 4). */
export const BASE_NAME = -2;
export const BASE_TIME = -3;
export const NAME = 0;
export const UNIT = 1;
export const VALUE = 2;
export const TEXT_VALUE = 3;
export const BOOLEAN_VALUE = 4;
export const DATA_VALUE = 8;

/** S2: the device URN (RFC 9039 "ops" with the documentation enterprise number of RFC 5612) before and behind the station. */
export const BASE_NAME_PREFIX = "urn:dev:ops:32473-tallystick-";
export const BASE_NAME_SUFFIX = ":";
export const FRAME_PREFIX = "frame/";

/** S2: how many records every statement has; `reason` and `frame/...` follow. */
export const FIXED_RECORDS = 13;
