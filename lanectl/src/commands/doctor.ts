import type { Cluster } from '../cluster/cluster.ts';
import { CATEGORIES, type Category, type CheckResult } from '../doctor/check-result.ts';
import { gatherFacts } from '../doctor/gather-facts.ts';
import { runChecks } from '../doctor/run-checks.ts';
import { EXIT, type ExitCode } from '../output/exit-code.ts';
import { print, type Format } from '../output/print.ts';
import { createProgress } from '../output/progress.ts';
import { paint, type Colour, type Terminal } from '../output/terminal.ts';

export interface DoctorOptions {
  readonly output: Format;
  /** Undefined: pods and lanes of all namespaces are looked at. */
  readonly within: string | undefined;
  readonly systemNamespace: string | undefined;
  /** Only these; empty: all. */
  readonly categories: readonly Category[];
}

/** Looks at the installation as a whole. `found` where something fails; warnings are worth a look, and no more. */
export async function examineCluster(
  cluster: Cluster,
  { output, within, systemNamespace, categories }: DoctorOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const onAsk = createProgress(terminal);
  const asksSidecars = categories.length === 0 || categories.includes('lanes');
  const facts = await gatherFacts(cluster, { within, systemNamespace, asksSidecars, onAsk });
  const all = runChecks(facts);
  const isFatal = all.length === 1;
  const results = all.filter(
    ({ category }) => isFatal || categories.length === 0 || categories.includes(category),
  );
  print(terminal, output, { results }, () => describeResults(results, terminal));
  return results.some(({ result }) => result === 'fail') ? EXIT.found : EXIT.fine;
}

const COLOURS: Readonly<Record<CheckResult['result'], Colour>> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  skip: 'dim',
};

function describeResults(results: readonly CheckResult[], terminal: Terminal): string {
  const shown = CATEGORIES.filter((category) => results.some((each) => each.category === category));
  return shown
    .map((category) => {
      const own = results.filter((each) => each.category === category);
      return `${paint(terminal, 'bold', category)}\n${own.map((each) => describeResult(each, terminal)).join('')}`;
    })
    .join('');
}

function describeResult({ id, description, result, error, hint }: CheckResult, terminal: Terminal): string {
  const mark = paint(terminal, COLOURS[result], result.padEnd('warn'.length));
  const more = [error, hint === undefined ? undefined : `hint: ${hint}`].filter((line) => line !== undefined);
  return [`  ${mark}  ${id}: ${description}`, ...more.map((line) => `        ${line}`), ''].join('\n');
}
