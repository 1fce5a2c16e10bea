import { expect } from 'vitest';
import type { LoadReport } from './load.ts';
import type { Shop } from './shop.ts';
import { WORKLOADS } from './shop-layout.ts';

const SHOWN = 4;

/** Every request was answered by the right chain; else it fails with what the sidecars noted of those that were not. */
export async function expectNoFailure(shop: Shop, report: LoadReport): Promise<void> {
  const { answered, chains, slowestMs, failed } = report;
  const summary = `${answered} requests, ${failed} failed, the slowest took ${slowestMs} ms`;
  process.stdout.write(`  ${summary}: ${JSON.stringify(chains)}\n`);
  const notes = failed === 0 ? [] : await Promise.all(WORKLOADS.map(({ title }) => failedHops(shop, title)));
  expect({ failed, failures: report.failures, notes: notes.flat() }).toEqual({
    ...{ failed: 0, failures: [], notes: [] },
  });
}

async function failedHops(shop: Shop, title: string): Promise<readonly string[]> {
  const hops = await shop.mesh
    .pod(title)
    .proxy.hops(`?status=failed&limit=${SHOWN}`)
    .catch(() => []);
  return hops.map(({ time, direction, status, error, durationMs, attempt, why }) => {
    const outcome = `${status} ${error ?? ''} after ${Math.round(durationMs)} ms, attempt ${attempt}`;
    return `${title} ${direction} ${time} ${outcome}: ${why}`;
  });
}
