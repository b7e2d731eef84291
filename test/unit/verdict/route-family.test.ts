/** Route families: which segments are names and which are ids. */
import { expect, test } from "vitest";
import { routeFamily } from "../../../src/verdict/route-family.ts";

test.each([
  ["GET", "https://api.omi.me/v1/conversations?limit=10", "GET /v1/conversations"],
  ["get", "/v1/conversations/8731/messages", "GET /v1/conversations"],
  ["POST", "/v1/users/3fa85f64-5717-4562-b3fc-2c963f66afa6/avatar", "POST /v1/users"],
  ["DELETE", "/v2/files/9f86d081884c7d65", "DELETE /v2/files"],
  ["GET", "/a/b/c/d/e", "GET /a/b/c"],
  ["GET", "/", "GET /"],
  ["GET", "", "GET /"],
  ["GET", "https://host", "GET /"],
  ["GET", "/123/456", "GET /*"],
  ["GET", "/v1/oauth2/token", "GET /v1/oauth2/token"],
  ["GET", "/api/getUserById", "GET /api/getUserById"],
  ["GET", "/static/main.4f3a2b1c9d.js", "GET /static"],
  ["GET", "/u/user_28391", "GET /u"],
  ["GET", "/t/01ARZ3NDEKTSV4RRFFQ69G5FAV", "GET /t"],
  ["GET", "/t/dGhpcyBpcyBhIHRva2Vu", "GET /t"],
  ["GET", "/m/someone%40example.org", "GET /m"],
  ["GET", "/d/2026-04-12", "GET /d"],
  ["GET", "/blog/how-to-deploy-without-any-fear", "GET /blog"],
  ["GET", "/health-check", "GET /health-check"],
  ["BREW", "/pot", "OTHER /pot"],
])("%s %s", (method, url, expected) => {
  expect(routeFamily(method, url)).toBe(expected);
});
