/** The scenario library on `kubernetes-approval`. */
import { describeMatrix } from "../support/matrix.ts";

await describeMatrix("kubernetes-approval");
