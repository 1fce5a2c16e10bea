import { parseArgs } from 'node:util';
import { REDIRECT_VARIABLES } from '@lanekeeper/protocol/variables';
import { ConfigError, type EnvSource } from '@lanekeeper/runtime/env';
import { formatProblems } from '@lanekeeper/runtime/format-problems';
import { findBackend, restore, saveNat, type RunCommand } from './iptables.ts';
import { readRedirectSettings, type RedirectSettings } from './options.ts';
import { installRules, readInstalled, removeRules, type Family } from './rules.ts';

export interface RedirectContext {
  readonly args: readonly string[];
  readonly env: EnvSource;
  readonly run: RunCommand;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
}

const EXIT = { done: 0, failed: 1, badUsage: 64 } as const;

export const HELP = `usage: redirect [--dry-run] [--remove]

Redirects the TCP traffic of this network namespace through the sidecar, by rules in the nat table. Needs CAP_NET_ADMIN.
Running it again replaces the rules of the run before.

  --dry-run  print the input for iptables-restore, change nothing
  --remove   take the rules out again
  --help     this text

Settings (environment):
  ${REDIRECT_VARIABLES.outboundPort}            outbound listener, default 15001
  ${REDIRECT_VARIABLES.inboundPort}             inbound listener, default 15006
  ${REDIRECT_VARIABLES.proxyUid}                user whose traffic is left alone, default 1337
  ${REDIRECT_VARIABLES.proxyGid}                group whose traffic is left alone, default 1337
  ${REDIRECT_VARIABLES.excludeInboundPorts}    ports of this pod reached directly: 22,9100
  ${REDIRECT_VARIABLES.excludeOutboundPorts}   destination ports reached directly: 3306
  ${REDIRECT_VARIABLES.excludeOutboundCidrs}   destinations reached directly: 192.0.2.0/24,2001:db8::/32
  ${REDIRECT_VARIABLES.ipv6}                     true: IPv6 as well; the sidecar must listen on [::1] and [::] then
`;

/** The program, from its arguments to its exit code: 0 done, 1 failed (nothing half-applied), 64 bad usage. */
export function redirect(context: RedirectContext): number {
  try {
    const flags = readFlags(context.args);
    if (flags.help) {
      context.print(HELP);
      return EXIT.done;
    }
    const settings = readRedirectSettings(context.env);
    const families: readonly Family[] = settings.ipv6 ? ['ipv4', 'ipv6'] : ['ipv4'];
    for (const family of families) change(family, settings, flags, context);
    return EXIT.done;
  } catch (error) {
    return explain(error, context.complain);
  }
}

interface Flags {
  readonly help: boolean;
  readonly 'dry-run': boolean;
  readonly remove: boolean;
}

class UsageError extends Error {}

function readFlags(args: readonly string[]): Flags {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args: [...args], options: { help: flag, 'dry-run': flag, remove: flag } }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function change(
  family: Family,
  settings: RedirectSettings,
  flags: Flags,
  { run, print }: RedirectContext,
): void {
  if (flags['dry-run'] && !flags.remove) {
    print(`# ${family}\n${installRules(settings, family, { jumps: [], chains: [] })}`);
    return;
  }
  const backend = findBackend(family, run);
  const installed = readInstalled(saveNat(backend, run));
  const rules = flags.remove ? removeRules(installed) : installRules(settings, family, installed);
  if (flags['dry-run']) print(`# ${family}\n${rules ?? '# nothing is installed\n'}`);
  else if (rules !== undefined) restore(backend, rules, run);
  if (!flags['dry-run'])
    print(`${family}: ${flags.remove ? 'removed' : 'installed'} by ${backend.restore}\n`);
}

function explain(error: unknown, complain: (text: string) => void): number {
  if (error instanceof ConfigError) {
    complain(formatProblems(error.problems));
    return EXIT.badUsage;
  }
  const message = error instanceof Error ? error.message : String(error);
  complain(error instanceof UsageError ? `${message}\n\n${HELP}` : `${message}\n`);
  return error instanceof UsageError ? EXIT.badUsage : EXIT.failed;
}
