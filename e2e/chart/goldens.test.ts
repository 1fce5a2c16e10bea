import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CHART, helm, HELMS, render } from './helm.ts';

const FOLDER = fileURLToPath(new URL('./testdata/', import.meta.url));
const SUFFIX = '.values.yaml';
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

/** The two majors put objects of some kinds in another order, and end them with different numbers of empty lines. */
function sectionsOf(manifest: string): readonly string[] {
  return manifest
    .split(/^---$/m)
    .map((section) => section.trim())
    .sort();
}

describe.each(HELMS)('the chart with $name', ({ program }) => {
  it.each(names)('renders %s', (name) => {
    const text = render(program, '--values', FOLDER + name + SUFFIX);
    const golden = `${FOLDER}${name}.golden.yaml`;
    if (process.env['UPDATE_GOLDENS'] === '1' && program === HELMS[0].program) writeFileSync(golden, text);
    const expected = existsSync(golden) ? readFileSync(golden, 'utf8') : 'no golden yet: UPDATE_GOLDENS=1';
    expect(sectionsOf(text)).toEqual(sectionsOf(expected));
  });

  it.each(names)('renders %s twice to the same bytes, for an installation as for an upgrade', (name) => {
    const once = render(program, '--values', FOLDER + name + SUFFIX);
    expect(render(program, '--values', FOLDER + name + SUFFIX, '--is-upgrade')).toBe(once);
  });

  it.each(names)('finds nothing to complain of with %s', (name) => {
    const { code, output } = helm(program, 'lint', '--strict', CHART, '--values', FOLDER + name + SUFFIX);
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('0 chart(s) failed') });
  });
});

describe('the templates', () => {
  const files = readdirSync(`${CHART}/templates`, { recursive: true, encoding: 'utf8' });
  const texts = files.filter((file) => /\.(yaml|tpl|txt)$/.test(file));

  it.each(texts)('%s asks neither the cluster, nor the clock, nor chance', (file) => {
    const text = readFileSync(`${CHART}/templates/${file}`, 'utf8');
    const impure =
      /\b(lookup|now|date|rand[A-Z]\w*|uuidv4|gen[A-Z]\w*|derivePassword|getHostByName|env|expandenv)\s/g;
    const code = [...text.matchAll(/\{\{(.*?)\}\}/gs)].map(([, inside = '']) => inside).join('\n');
    expect([...code.matchAll(impure)].map(([found]) => found)).toEqual([]);
  });
});
