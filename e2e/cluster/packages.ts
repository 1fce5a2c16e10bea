import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { run } from './command.ts';
import { say, step } from './steps.ts';
import { PACKAGES } from './versions.ts';

/** Installs the Debian packages that are missing; without apt or root it says which they are. */
export async function installPackages(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error('--cluster build makes network namespaces and mounts: it must run as root');
  }
  const missing = Object.entries(PACKAGES)
    .filter(([, program]) => !existsSync(program))
    .map(([name]) => name);
  if (missing.length === 0) return;
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error(
      `these programs are missing, and there is no apt-get to install them with: ${programs(missing)}`,
    );
  }
  say(`missing Debian packages: ${missing.join(' ')}`);
  await step('installing Debian packages (once)', async () => {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const options = ['-q', '-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=300'];
    await run('apt-get', [...options, 'update'], { env });
    await withoutServices(() =>
      run('apt-get', [...options, 'install', '-y', '--no-install-recommends', ...missing], { env }),
    );
  });
}

const POLICY = '/usr/sbin/policy-rc.d';

/** An installed etcd or containerd would start at once and stay. */
async function withoutServices(install: () => Promise<unknown>): Promise<void> {
  const isOurs = !existsSync(POLICY);
  if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install();
  } finally {
    if (isOurs) rmSync(POLICY, { force: true });
  }
}

function programs(missing: readonly string[]): string {
  return missing.map((name) => PACKAGES[name]).join(', ');
}
