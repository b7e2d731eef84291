/** The scenario library on `cloud-run-canary`. */
import { describeMatrix } from "../support/matrix.ts";

await describeMatrix("cloud-run-canary");
