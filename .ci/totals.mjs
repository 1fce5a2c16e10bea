// Prints the totals of the main vitest run, the chart's and both promises' as one plain line, the last of CI's output. A test that
// fails only on another Node counts as failed as well; a file that could not be loaded counts as one failed test, a run without a
// report likewise.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const counted = ['vitest-main.json', 'vitest-chart.json', 'vitest-nacos.json', 'vitest-promises.json'];

function failuresOf(report) {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return report.numFailedTests + unloaded.length;
}

const reports = readdirSync(folder).filter((file) => /^vitest-.*\.json$/.test(file));
const byName = new Map(reports.map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8'))]));
const runs = counted.map((file) => byName.get(file));
let failed = runs.filter((report) => report === undefined).length;
for (const report of byName.values()) failed += failuresOf(report);
const sum = (count) => runs.reduce((total, report) => total + (report === undefined ? 0 : count(report)), 0);
const passed = sum((report) => report.numPassedTests);
const skipped = sum((report) => report.numPendingTests + report.numTodoTests);
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
