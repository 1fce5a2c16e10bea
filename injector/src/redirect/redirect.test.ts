import { describe, expect, it } from 'vitest';
import type { CommandResult } from './iptables.ts';
import { redirect } from './redirect.ts';

interface Machine {
  /** Installed command -> what its `-save` prints; a command that is not here does not exist. */
  readonly nat: Record<string, string>;
  readonly isRefused?: boolean;
}

/** Runs the program on a machine that only records; what was restored is `applied`. */
function runOn(machine: Machine, args: readonly string[], env: Record<string, string> = {}) {
  const printed: string[] = [];
  const complaints: string[] = [];
  const applied: { command: string; rules: string }[] = [];
  const run = (command: string, commandArgs: readonly string[], input = ''): CommandResult => {
    const [name, action] = [command.replace(/-(?:save|restore)$/, ''), command.split('-').at(-1)];
    const saved = machine.nat[name];
    if (saved === undefined) return { code: undefined, stdout: '', stderr: 'ENOENT' };
    if (action === 'save') return { code: 0, stdout: saved, stderr: '' };
    if (machine.isRefused === true)
      return { code: 4, stdout: '', stderr: 'Permission denied (you must be root)\n' };
    if (!commandArgs.includes('--test')) applied.push({ command, rules: input });
    return { code: 0, stdout: '', stderr: '' };
  };
  const code = redirect({
    args,
    env,
    run,
    print: (text) => printed.push(text),
    complain: (text) => complaints.push(text),
  });
  return { code, printed: printed.join(''), complaints: complaints.join(''), applied };
}

const EMPTY = '*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n';
const BUSY = '*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -d 192.0.2.1/32 -j ACCEPT\nCOMMIT\n';

describe('redirect', () => {
  it('prefers nft, and applies the rules in one transaction', () => {
    const { code, applied } = runOn({ nat: { 'iptables-nft': EMPTY, 'iptables-legacy': EMPTY } }, []);
    expect(code).toBe(0);
    expect(applied.map((each) => each.command)).toEqual(['iptables-nft-restore']);
    expect(applied[0]?.rules).toMatch(/^\*nat\n[^]*REDIRECT --to-ports 15001\n[^]*COMMIT\n$/);
  });

  it('takes the backend that has rules already', () => {
    const { applied } = runOn({ nat: { 'iptables-nft': EMPTY, 'iptables-legacy': BUSY } }, []);
    expect(applied.map((each) => each.command)).toEqual(['iptables-legacy-restore']);
  });

  it('fails with what every backend said when none works', () => {
    const { code, complaints } = runOn({ nat: { 'iptables-nft': EMPTY }, isRefused: true }, []);
    expect(code).toBe(1);
    expect(complaints).toContain('CAP_NET_ADMIN');
    expect(complaints).toContain('iptables-nft: Permission denied (you must be root)');
    expect(complaints).toContain('iptables-legacy: not installed');
  });

  it('prints the rules for a dry run, without any iptables there', () => {
    const { code, printed } = runOn({ nat: {} }, ['--dry-run'], { LANEKEEPER_REDIRECT_IPV6: 'true' });
    expect(code).toBe(0);
    expect(printed).toMatch(/^# ipv4\n\*nat\n[^]*# ipv6\n\*nat\n/);
  });

  it('removes nothing where nothing is installed', () => {
    const { code, applied } = runOn({ nat: { iptables: BUSY } }, ['--remove']);
    expect([code, applied]).toEqual([0, []]);
  });

  it('reports every bad setting at once and touches nothing', () => {
    const env = {
      LANEKEEPER_REDIRECT_EXCLUDE_OUTBOUND_CIDRS: '192.0.2.0/24,192.0.2.0/33',
      LANEKEEPER_REDIRECT_OUTBOUND_PORT: '0',
      LANEKEEPER_REDIRECT_EXCLUDE_OUTBOUND_PORT: '22',
    };
    const { code, complaints, applied } = runOn({ nat: { iptables: EMPTY } }, [], env);
    expect([code, applied]).toEqual([64, []]);
    for (const name of Object.keys(env)) expect(complaints).toContain(name);
  });

  it('explains itself, on demand and for a flag that does not exist', () => {
    expect(runOn({ nat: {} }, ['--help'])).toMatchObject({ code: 0, complaints: '' });
    const { code, complaints } = runOn({ nat: {} }, ['--dryrun']);
    expect(code).toBe(64);
    expect(complaints).toContain("Unknown option '--dryrun'");
    expect(complaints).toContain('usage: redirect');
  });
});
