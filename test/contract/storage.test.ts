import { expect, onTestFinished, test } from "vitest";
import { createObjects } from "../../src/adapters/objects.ts";
import { PortFailure } from "../../src/model/error.ts";
import { httpServer } from "../support/http-server.ts";
import { testBucket } from "../support/storage.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

test("what is put is got, byte for byte, with the generation that put returned", async () => {
  const objects = (await testBucket()).objects();
  for (const content of [
    bytes('{"error":{"code":500}}'),
    bytes(""),
    Buffer.from([0, 255, 13, 10, 45, 45]),
    bytes("é\r\n--x"),
  ]) {
    const generation = await objects.put("a/b c.json", content);
    const found = await objects.get("a/b c.json");
    expect(found?.generation).toBe(generation);
    expect(content.equals(found?.bytes ?? bytes("none"))).toBe(true);
  }
  expect(await objects.get("a/none.json")).toBeUndefined();
});

test("a condition on the generation is kept by the store", async () => {
  const objects = (await testBucket()).objects();
  const refused = { name: "PortFailure", kind: "conflict", applied: "no" };
  const first = await objects.put("k", bytes("1"), "absent");
  await expect(objects.put("k", bytes("2"), "absent")).rejects.toMatchObject(refused);
  const second = await objects.put("k", bytes("2"), first);
  expect(BigInt(second)).toBeGreaterThan(BigInt(first));
  await expect(objects.put("k", bytes("3"), first)).rejects.toMatchObject(refused);
  await expect(objects.delete("k", first)).rejects.toMatchObject(refused);
  expect((await objects.get("k"))?.bytes.toString()).toBe("2");
  await objects.delete("k", second);
  await objects.delete("k");
  await expect(objects.put("k", bytes("4"), second)).rejects.toMatchObject(refused);
  const again = await objects.put("k", bytes("5"), "absent");
  expect(BigInt(again)).toBeGreaterThan(BigInt(second));
});

test("of many that create one key at once, one succeeds", async () => {
  const bucket = await testBucket();
  const put = Array.from({ length: 12 }, (_unused, n) => bucket.objects().put("k", bytes(`${n}`), "absent"));
  const settled = await Promise.allSettled(put);
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a listing is in order, under its prefix, after the key that is given, a page at a time", async () => {
  const objects = (await testBucket()).objects();
  for (const key of ["a/2", "a/10", "a/1", "b/1", "a/1x", "c"]) await objects.put(key, bytes("x"));
  expect(await objects.list("a/")).toEqual({ keys: ["a/1", "a/10", "a/1x", "a/2"], more: false });
  expect(await objects.list("a/", "a/10")).toEqual({ keys: ["a/1x", "a/2"], more: false });
  expect(await objects.list("a/", "a/1a")).toEqual({ keys: ["a/1x", "a/2"], more: false });
  expect(await objects.list("none/")).toEqual({ keys: [], more: false });
});

test("a page ends at a thousand keys and says that there are more", async () => {
  const bucket = await testBucket();
  for (let n = 0; n < 1_001; n++) bucket.replace(`k/${String(n).padStart(4, "0")}`, "");
  const first = await bucket.objects().list("k/");
  expect([first.keys.length, first.more]).toEqual([1_000, true]);
  expect(await bucket.objects().list("k/", first.keys.at(-1))).toEqual({ keys: ["k/1000"], more: false });
});

test("every refusal is translated, once, and never tried again", async () => {
  const check = async (status: number, expected: object): Promise<void> => {
    const bucket = await testBucket();
    for (const call of ["put", "get", "list", "delete"] as const) bucket.fail(call, { status });
    const objects = bucket.objects();
    const calls = [objects.put("k", bytes("x")), objects.get("k"), objects.list(""), objects.delete("k", "1")];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { name: "PortFailure", ...expected } });
      expect((outcome as PromiseRejectedResult).reason.message).toMatch(
        /^\w+ gs:\/\/state\/team\/runbook\/.*: HTTP \d+, by plan$/,
      );
    }
    expect(bucket.keys()).toEqual([]);
  };
  await check(400, { kind: "invalid", applied: "no" });
  await check(401, { kind: "unauthorised", applied: "no" });
  await check(403, { kind: "unauthorised", applied: "no" });
  await check(412, { kind: "conflict", applied: "no" });
  await check(429, { kind: "rate-limited", applied: "no" });
  await check(500, { kind: "unavailable", applied: "unknown" });
  await check(503, { kind: "unavailable", applied: "unknown" });
});

test("a missing bucket is a failure, not an absent object", async () => {
  const bucket = await testBucket();
  bucket.store.missing.add("nowhere");
  const objects = bucket.objects({ bucket: "nowhere" });
  const calls = [objects.get("k"), objects.put("k", bytes("x")), objects.list("")];
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { name: "PortFailure", kind: "not-found" } });
  }
});

test("a server that is silent, gone, or talks nonsense is a PortFailure in time", async () => {
  const bucket = await testBucket();
  bucket.fail("put", { kind: "timeout" });
  bucket.fail("get", { kind: "timeout" });
  const quick = bucket.objects({ timeoutMs: 50 });
  const timeout = { name: "PortFailure", kind: "timeout", applied: "unknown" };
  await expect(quick.put("k", bytes("x"))).rejects.toMatchObject(timeout);
  await expect(quick.get("k")).rejects.toMatchObject(timeout);
  // The connection is not left hanging: the next call is served.
  expect(await quick.put("k", bytes("x"), "absent")).toMatch(/^\d+$/);

  const gone = createObjects({ bucket: "state", prefix: "", endpoint: "http://127.0.0.1:9" });
  await expect(gone.get("k")).rejects.toMatchObject({ name: "PortFailure", kind: "unavailable" });

  const strange = await httpServer((_request, response) => void response.end("<html>captive portal</html>"));
  const nonsense = createObjects({ bucket: "state", prefix: "", endpoint: strange.url });
  const calls = [nonsense.get("k"), nonsense.put("k", bytes("x")), nonsense.list("")];
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { name: "PortFailure", kind: "malformed" } });
  }
});

test("a download that breaks off is a failure, never half an object", async () => {
  const broken = await httpServer((_request, response) => {
    response.writeHead(200, { "content-length": "100", "x-goog-generation": "1" });
    response.write("half");
    response.socket?.destroy();
  });
  const objects = createObjects({ bucket: "state", prefix: "", endpoint: broken.url, timeoutMs: 2_000 });
  await expect(objects.get("k")).rejects.toBeInstanceOf(PortFailure);
});

test("an address in the environment that the client would take by itself is not taken", async () => {
  const bucket = await testBucket();
  process.env["STORAGE_EMULATOR_HOST"] = "http://127.0.0.1:9";
  onTestFinished(() => void delete process.env["STORAGE_EMULATOR_HOST"]);
  await bucket.objects().put("k", bytes("x"));
  expect(bucket.keys()).toEqual(["k"]);
});
