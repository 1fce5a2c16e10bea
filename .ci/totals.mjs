// Prints the totals of the main vitest run as one plain line, the last of CI's output. A test that fails only on another Node
// counts as failed as well; a file that could not be loaded counts as one failed test, a run without a report likewise.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const mainReport = 'vitest-main.json';

function failuresOf(report) {
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return report.numFailedTests + unloaded.length;
}

const reports = readdirSync(folder).filter((file) => /^vitest-.*\.json$/.test(file));
const byName = new Map(reports.map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8'))]));
const main = byName.get(mainReport);
let failed = existsSync(join(folder, mainReport)) ? 0 : 1;
for (const report of byName.values()) failed += failuresOf(report);
const passed = main?.numPassedTests ?? 0;
const skipped = (main?.numPendingTests ?? 0) + (main?.numTodoTests ?? 0);
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
