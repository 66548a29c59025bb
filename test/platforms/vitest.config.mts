// The prebuilt binaries on other systems than this one: `npm run test:windows`, `test:arm64`, `test:glibc`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/\/dist\/[^/]+\.m?js$/] } },
  },
});
