import { readdirSync, readFileSync } from 'node:fs';
import { FINDING_CODES } from '@lanekeeper/lint/codes';
import { describe, expect, it } from 'vitest';
import type { CheckResult } from './check-result.ts';
import { describedCluster, type Described } from './described-cluster.fixture.ts';
import { fact, facts, pod } from './facts.fixture.ts';
import { runChecks } from './run-checks.ts';

const CODES = readdirSync(new URL('./testdata/', import.meta.url))
  .filter((file) => /^LK\d{4}\.yaml$/.test(file))
  .map((file) => file.slice(0, 6));

function found(file: string, described?: Described): readonly CheckResult[] {
  return runChecks(describedCluster(file, described)).filter(({ result }) => result !== 'ok');
}

describe('what only a running cluster shows', () => {
  it.each(CODES)('is found, alone, with a sentence and what to do: %s', async (code) => {
    const results = found(`${code}.yaml`);
    expect(new Set(results.map(({ id }) => id))).toEqual(new Set([code]));
    const text = results.map(({ result, error, hint }) => `${result}\n${error ?? ''}\n${hint ?? ''}\n`);
    await expect(text.join('\n')).toMatchFileSnapshot(`./testdata/${code}.golden.txt`);
    for (const { hint } of results) expect(hint).toMatch(/^[A-Z].*\.$/);
  });

  it.each(CODES)('is not reported where a pod or a group says that it is meant: %s', (code) => {
    const annotate = { 'lanekeeper.io/ignore': `LK0999, ${code}` };
    for (const kind of ['Pod', 'LaneGroup']) {
      expect([kind, found(`${code}.yaml`, { annotate, kinds: [kind] })]).toEqual([kind, []]);
    }
    const other = { annotate: { 'lanekeeper.io/ignore': 'LK0999' } };
    expect(found(`${code}.yaml`, other)).not.toEqual([]);
  });

  it.each(CODES)('has a page that says who reports it, and what: %s', (code) => {
    const page = readFileSync(new URL(`../../../docs/lint/${code}.md`, import.meta.url), 'utf8');
    expect(Object.keys(FINDING_CODES)).toContain(code);
    expect(page).toContain('`lanectl doctor`');
    expect(page).not.toContain('Nothing reports it');
  });

  it('is not found in a cluster that is well', () => {
    expect(found('healthy.yaml')).toEqual([]);
  });

  it('is not known of sidecars that do not answer, and doctor says which', () => {
    const failures = ['shop/a-1: no answer in 10 s'];
    const results = runChecks(
      facts({ pods: fact([pod('a-1')]), audits: fact({ answers: [], failures }) }),
    ).filter(({ result }) => result !== 'ok');
    expect(results).toMatchObject([{ id: 'sidecars-asked', result: 'warn', error: failures[0] }]);
  });
});
