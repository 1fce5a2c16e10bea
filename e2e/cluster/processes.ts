import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeCgroup } from './cgroup.ts';
import { commandsOf, type ComponentName } from './components.ts';
import { enter } from './network.ts';
import { isRunning, markOf } from './process-mark.ts';
import { requireState, writeState, type ComponentState } from './state.ts';
import { until } from './until.ts';
import { isReady } from './readiness.ts';

/**
 * Starts a component in the node's network and control group, in a session of its own: it lives on when this process ends.
 * Its output goes to `logs/<name>.log`.
 */
export function startComponent(cluster: string, name: ComponentName): ComponentState {
  const state = requireState(cluster);
  const layout = state.layout;
  const command = commandsOf(layout)[name];
  const log = join(layout.logs, `${name}.log`);
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, 'a');
  // The shell joins the group first and then becomes the component: its number stays.
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      'echo $$ >"$0" && exec "$@"',
      join(makeCgroup(layout.id), 'cgroup.procs'),
      'nsenter',
      ...enter(layout),
      ...command,
    ],
    { detached: true, stdio: ['ignore', output, output], cwd: layout.folder },
  );
  closeSync(output);
  child.unref();
  if (child.pid === undefined) throw new Error(`${name} could not be started: /bin/sh is missing`);
  const component = { ...markOf(child.pid), command, log };
  const now = requireState(cluster);
  writeState(layout, { ...now, components: { ...now.components, [name]: component } });
  return component;
}

/** Ends a component and waits until it is gone; SIGKILL after `graceMs`. */
export async function stopComponent(cluster: string, name: ComponentName, graceMs = 10_000): Promise<void> {
  const component = requireState(cluster).components[name];
  if (component === undefined || !isRunning(component)) return;
  process.kill(component.pid, 'SIGTERM');
  const timer = setTimeout(() => isRunning(component) && process.kill(component.pid, 'SIGKILL'), graceMs);
  try {
    await until(`${name} ends`, async () => !isRunning(component), { withinMs: graceMs + 5_000 });
  } finally {
    clearTimeout(timer);
  }
}

/** Starts it when it does not run, and waits until it serves. */
export async function ensureComponent(
  cluster: string,
  name: ComponentName,
  withinMs = 90_000,
): Promise<void> {
  const known = requireState(cluster).components[name];
  const component = known !== undefined && isRunning(known) ? known : startComponent(cluster, name);
  const layout = requireState(cluster).layout;
  await until(`${name} is ready`, () => isReady(layout, name), {
    withinMs,
    isHopeless: () =>
      isRunning(component) ? undefined : `it ended; ${component.log} ends with:\n${tail(component.log)}`,
  });
}

export async function restartComponent(cluster: string, name: ComponentName): Promise<void> {
  await stopComponent(cluster, name);
  await ensureComponent(cluster, name);
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}
