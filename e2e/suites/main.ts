// `npm run suites [NAME ...]`: conformance suites that nobody here wrote, through real sidecar processes, each beside a run
// without them. Ends with 1 when a case fails through the sidecar that passes without it.
import { autobahn } from './autobahn.ts';
import { grpcInterop } from './grpc-interop.ts';
import { h2spec } from './h2spec.ts';
import { h2specd } from './h2specd.ts';
import type { Suite, SuiteReport } from './suite.ts';

const SUITES: readonly Suite[] = [h2spec, h2specd, grpcInterop, autobahn];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `no such suite: ${unknown.join(', ')}; there are ${SUITES.map((suite) => suite.name).join(', ')}\n`,
  );
  process.exit(64);
}
const reports: SuiteReport[] = [];
for (const suite of SUITES) {
  if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
  process.stderr.write(`· ${suite.name}\n`);
  for (const report of await suite.run()) {
    reports.push(report);
    print(report);
  }
}
process.exitCode = reports.some((report) => report.regressions.length > 0) ? 1 : 0;

function print({ suite, path, through, reference, regressions }: SuiteReport): void {
  const score = `${through.passed}/${through.total}`.padEnd(9);
  const direct = `${reference.passed}/${reference.total} direct`.padEnd(16);
  process.stdout.write(
    `${suite.padEnd(16)} ${path.padEnd(17)} ${score} ${direct} ${regressions.length === 0 ? 'fine' : 'WORSE'}\n`,
  );
  for (const failure of through.failures) {
    const isNew = regressions.includes(failure);
    process.stdout.write(`    fails${isNew ? ' only through the sidecar' : ' directly too'}: ${failure}\n`);
  }
}
