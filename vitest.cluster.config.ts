import { defineConfig } from "vitest/config";

/** The tier against a real Kubernetes control plane: one file at a time, because each starts its own. */
export default defineConfig({
  test: {
    include: ["test/cluster/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
});
