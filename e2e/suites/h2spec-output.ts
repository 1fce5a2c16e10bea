import type { SuiteScore } from './suite.ts';

/**
 * Reads what h2spec and h2specd print: after `Failures:` the failed cases, indented under their section headings, and the
 * totals as the last line. A case's name is its headings and its title, so that two runs can be compared by name.
 */
export function readH2specOutput(output: string): SuiteScore {
  const totals = /(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed/.exec(output);
  if (totals === null) throw new Error(`expected h2spec's totals, found:\n${output.slice(-2_000)}`);
  const failures: string[] = [];
  const headings: { readonly indent: number; readonly text: string }[] = [];
  for (const line of output.slice(output.indexOf('Failures:') + 9).split('\n')) {
    const indent = line.search(/\S/);
    const text = line.trim();
    const failed = /^× (\d+: .*)$/.exec(text)?.[1];
    if (failed !== undefined) failures.push([...headings.map((heading) => heading.text), failed].join(' > '));
    if (!/^(?:\d+\.)+ /.test(text)) continue;
    while ((headings.at(-1)?.indent ?? -1) >= indent) headings.pop();
    headings.push({ indent, text: text.split(' ')[0] ?? text });
  }
  if (failures.length !== Number(totals[4])) {
    throw new Error(`expected ${totals[4]} failed cases by name, read ${failures.length}`);
  }
  return { passed: Number(totals[2]), total: Number(totals[1]), failures };
}
