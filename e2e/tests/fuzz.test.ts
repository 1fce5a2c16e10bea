import { afterEach, expect, it } from 'vitest';
import { fuzz, type Finding } from '../fuzz/fuzz.ts';
import { ROLES, startTarget, type Target } from '../fuzz/target.ts';

const CASES = 150;

let target: Target | undefined;
afterEach(() => target?.stop());

it.each(ROLES)(
  `survives ${CASES} connections of mutated bytes as %s: each is closed, nothing is smuggled, truncated or left behind`,
  async (role) => {
    target = await startTarget(role);
    const findings: Finding[] = [];
    const found = (finding: Finding): void => void findings.push(finding);
    await fuzz(target, { seed: 1, found, goesOn: (cases) => cases < CASES });
    expect(findings).toEqual([]);
  },
  120_000,
);
