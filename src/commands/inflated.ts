/** A stream of bytes, unpacked where it is gzip, whatever its name says. Holds one chunk. */
import { type Readable, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

/** Throws when the gzip data is broken or ends early. */
export async function* inflated(source: Readable): AsyncGenerator<Buffer> {
  const iterator = (source as AsyncIterable<Buffer | string>)[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const first = await iterator.next();
    if (first.done === true) break;
    head = Buffer.concat([head, asBuffer(first.value)]);
  }
  const rest = (async function* (): AsyncGenerator<Buffer> {
    yield head;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      yield asBuffer(next.value);
    }
  })();
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* rest;
    return;
  }
  // An error of either side destroys the unpacking stream, which then throws it to whoever reads.
  yield* pipeline(rest, createGunzip({ chunkSize: 1 << 16 }), () => undefined);
}

/** A string comes from a stream that was given an encoding. */
function asBuffer(chunk: Buffer | string): Buffer {
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
