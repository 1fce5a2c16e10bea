import { spawnSync } from 'node:child_process';

const TOOLS = [
  'ip',
  'nsenter',
  'setpriv',
  'curl',
  'python3',
  'iptables-nft-restore',
  'iptables-legacy-restore',
];

/** Why network namespaces cannot be used here; undefined when they can. */
export function missingRequirement(): string | undefined {
  if (process.platform !== 'linux') return `network namespaces need Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  const trial = spawnSync('unshare', ['--net', 'iptables-nft-save', '-t', 'nat'], { encoding: 'utf8' });
  return trial.status === 0 ? undefined : `no nat table in a network namespace: ${trial.stderr.trim()}`;
}

/**
 * For `describe.skipIf`: where something is missing the tests are skipped and the reason is printed; in CI, where nothing may be
 * missing, it is an error.
 */
export function skipsWithoutNamespaces(): boolean {
  const reason = missingRequirement();
  if (reason === undefined) return false;
  if (process.env['CI'] === 'true') throw new Error(`the interception tests must run in CI: ${reason}`);
  process.stderr.write(`interception tests are skipped: ${reason}\n`);
  return true;
}
