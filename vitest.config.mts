import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    server: {
      // Tests that import the package by its name get the built files as Node loads them: what is published is
      // what is tested, and it is loaded once per process, as a user's program would.
      deps: { external: [/\/dist\/(?:[^/]+|adapters\/[^/]+\/index)\.m?js$/] },
    },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.{ts,mts}'] } },
      { extends: true, test: { name: 'native', include: ['test/native/**/*.test.{ts,mts}'] } },
      { extends: true, test: { name: 'checks', include: ['scripts/**/*.test.{ts,mts}'] } },
      {
        extends: true,
        test: {
          name: 'integration',
          // Everything else under test/ needs a server, so that no folder is forgotten.
          include: ['test/**/*.test.{ts,mts}'],
          exclude: [
            'test/unit/**',
            'test/native/**',
            'test/platforms/**',
            'test/packages/**',
            'test/site/**',
          ],
          globalSetup: ['test/support/global-setup.ts'],
          // On a shared machine a server can stop for seconds. A test that needs its second chance is reported as such.
          retry: process.env['CI'] === undefined ? 0 : 1,
        },
      },
    ],
  },
});
