/** The scenario library on `backend-prod`. */
import { describeMatrix } from "../support/matrix.ts";

await describeMatrix("backend-prod");
