import { styleText } from 'node:util';
import { hopTable } from './hop-table.ts';
import { GRAY, HOSTS } from './layout.ts';
import type { Playground } from './playground.ts';
import type { ActResult } from './scenario.ts';
import { chainLine } from './scenario.ts';
import { pathOf } from './send.ts';

/** Where the story goes; `isColoured` only on a terminal. */
export interface Page {
  readonly isColoured: boolean;
  write(text: string): void;
}

function dim(page: Page, text: string): string {
  return page.isColoured ? styleText('dim', text, { validateStream: false }) : text;
}

/** An act as people read it: what it shows, the chain line, and the hops where they were gathered. */
export function tellAct(page: Page, result: ActResult): void {
  const { act, chain, hops, differences } = result;
  page.write(`\n${dim(page, `# ${act.title}`)}\n${chainLine(act.question.lane, chain)}\n`);
  if (hops.length > 0) page.write(`\n${hopTable(hops, page.isColoured)}\n`);
  for (const difference of differences) page.write(`DIFFERS\n  ${difference}\n`);
}

/** What to type and to open next. */
export function tellAddresses(page: Page, playground: Playground): void {
  const { gatewayUrl, notes } = playground;
  const admins = playground.admins();
  const asksAt = admins.find(({ title }) => title === 'Agray')?.url ?? gatewayUrl;
  const curl = (host: string, path: string): string => `  curl -H 'Host: ${host}' '${gatewayUrl}${path}'`;
  const width = Math.max(...admins.map(({ title }) => title.length));
  const lines = [
    '',
    dim(page, '# try it by hand while it is up (Bgray is stopped)'),
    curl(HOSTS.base, pathOf('ids')),
    curl(HOSTS[GRAY], pathOf('ids')),
    curl(HOSTS[GRAY], pathOf('nothing')),
    '',
    dim(page, '# each sidecar shows its decisions: open one in a browser, or ask it what it would do'),
    ...admins.map(({ title, url }) => `  ${title.padEnd(width)}  ${url}/`),
    `  curl '${asksAt}/explain?authority=b&header=baggage:lane%3Dgray'`,
    ...notes.flatMap(({ what, lines: more }) => [
      '',
      dim(page, `# ${what}`),
      ...more.map((line) => `  ${line}`),
    ]),
    '',
  ];
  page.write(`${lines.join('\n')}\n`);
}

/** The whole scenario as one value for machines. */
export function toJson(results: readonly ActResult[]): string {
  const acts = results.map(({ act, chain, requestId, traceId, hops, differences }) => ({
    title: act.title,
    line: chainLine(act.question.lane, chain),
    expected: chainLine(act.question.lane, act.expected),
    requestId,
    traceId,
    hops: hops.map(({ at, hop }) => ({ at, ...hop })),
    differences,
  }));
  return `${JSON.stringify({ ok: acts.every((act) => act.differences.length === 0), acts }, null, 2)}\n`;
}
