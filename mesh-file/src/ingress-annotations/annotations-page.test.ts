import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ANNOTATION_PREFIXES, KNOWN_ANNOTATIONS } from './known-annotations.ts';

const PAGE = readFileSync(new URL('../../../docs/ingress-annotations.md', import.meta.url), 'utf8');

it('the page says of each annotation what becomes of it, and of no other', () => {
  const rows = [...PAGE.matchAll(/^\| `([^`]+)` *\| (\w+) *\| (.*?) *\|$/gm)].map(
    ([, name, outcome, note]) => ({ name, outcome, note }),
  );
  expect(rows).toEqual(KNOWN_ANNOTATIONS);
});

it('the page names the prefixes', () => {
  for (const prefix of ANNOTATION_PREFIXES) expect(PAGE).toContain(`\`${prefix}\``);
});
