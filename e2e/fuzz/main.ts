import { parseArgs } from 'node:util';
import { fuzz, playCase, type Finding } from './fuzz.ts';
import { ROLES, startTarget, type Role, type Target } from './target.ts';

const USAGE =
  'node e2e/fuzz/main.ts [--seconds 60] [--seed 1] [--role outbound,inbound,gateway] [--workers 1] [--case NUMBER]\n';
const MOST_FINDINGS = 20;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      role: { type: 'string', default: ROLES.join() },
      workers: { type: 'string', default: '1' },
      case: { type: 'string' },
    },
  });
  const roles = ROLES.filter((role) => values.role.split(',').includes(role));
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  if (roles.length === 0 || !(seconds > 0) || !Number.isInteger(seed)) {
    process.stderr.write(USAGE);
    return 64;
  }
  const findings: Finding[] = [];
  const found = (finding: Finding): void => {
    findings.push(finding);
    process.stdout.write(
      `${finding.role} --case ${finding.case}: ${finding.problem}\n    ${finding.conversation}\n`,
    );
  };
  const run = async (role: Role, worker: number): Promise<void> => {
    const target = await startTarget(role);
    try {
      if (values.case === undefined)
        await runFor(target, { seconds, seed: seed + 1_000 * worker, findings, found });
      else await repeat(target, Number(values.case), found);
    } finally {
      await target.stop();
    }
  };
  const workers = Array.from({ length: Number(values.workers) }, (_, worker) => worker);
  await Promise.all(roles.flatMap((role) => workers.map((worker) => run(role, worker))));
  process.stdout.write(`${findings.length} findings\n`);
  return findings.length === 0 ? 0 : 2;
}

async function repeat(target: Target, number: number, found: (finding: Finding) => void): Promise<void> {
  await playCase(target, {
    number,
    recent: [],
    tell(_number, problems, conversation) {
      if (problems.length === 0) process.stdout.write(`${target.role}: fine\n    ${conversation}\n`);
      for (const problem of problems) found({ role: target.role, case: number, problem, conversation });
    },
  });
}

interface Run {
  readonly seconds: number;
  readonly seed: number;
  readonly findings: readonly Finding[];
  readonly found: (finding: Finding) => void;
}

async function runFor(target: Target, { seconds, seed, findings, found }: Run): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  const before = await target.rssKiB();
  const cases = await fuzz(target, {
    seed,
    found,
    goesOn: () => performance.now() < until && findings.length < MOST_FINDINGS,
  });
  const after = await target.rssKiB();
  process.stdout.write(
    `${target.role}: ${cases} connections, resident ${Math.round(before / 1024)} -> ${Math.round(after / 1024)} MiB\n`,
  );
}

process.exit(await main());
