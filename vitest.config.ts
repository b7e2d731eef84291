import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // A tier of its own, `npm run test:cluster`: it needs a Kubernetes control plane.
    exclude: [...configDefaults.exclude, "test/cluster/**"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores in CI: more forks only compete with the simulator's own servers.
    maxWorkers: 2,
  },
});
