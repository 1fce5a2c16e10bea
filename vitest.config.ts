import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['*/src/**/*.test.ts', 'e2e/tests/**/*.test.ts', 'scripts/**/*.test.mjs'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A condition is waited for as long as a loaded machine may take; one that holds costs no time.
    expect: { poll: { timeout: 8_000, interval: 10 } },
    // Two cores: whole-process tests and properties would starve each other with more.
    maxWorkers: 2,
    pool: 'forks',
  },
});
