import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeCgroup, processesOf } from '../../cluster/cgroup.ts';
import { run } from '../../cluster/command.ts';
import { takeDown } from '../../cluster/down.ts';
import { layoutOf, type Layout } from '../../cluster/layout.ts';
import { claimSlot } from '../../cluster/state.ts';
import { markOf } from '../../cluster/process-mark.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Of a cluster that takes nobody's slot. */
function testLayout(): Layout {
  const folder = mkdtempSync(join(tmpdir(), 'lk-take-down-'));
  folders.push(folder);
  const id = `lk-test-${process.pid}`;
  return {
    ...layoutOf('test', 0),
    id,
    folder,
    stateFile: join(folder, 'cluster.json'),
    sockets: join(folder, 'sockets'),
    hostLink: `lkt${process.pid}`,
  };
}

/** As a component is started: joins the group, then is the program; here one that has a child in a session of its own. */
async function startInGroup(layout: Layout): Promise<number> {
  const group = join(makeCgroup(layout.id), 'cgroup.procs');
  const child = spawn('/bin/sh', ['-c', 'echo $$ >"$0"; setsid sleep 300 & echo up; wait', group], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

describe('taking a cluster down', () => {
  it('leaves no process, mount, namespace, control group or folder, whatever was up', async () => {
    const layout = testLayout();
    expect(claimSlot(layout, markOf(process.pid))).toBe(true);
    await startInGroup(layout);
    const before = processesOf(layout.id);
    expect(before.length).toBeGreaterThanOrEqual(2);
    const outer = join(layout.folder, 'kubelet', 'with space');
    mkdirSync(outer, { recursive: true });
    await run('mount', ['-t', 'tmpfs', 'test', outer]);
    const inner = join(outer, 'inner');
    mkdirSync(inner);
    await run('mount', ['-t', 'tmpfs', 'test', inner]);
    await run('ip', ['netns', 'add', layout.id]);
    await run('ip', [
      'link',
      'add',
      layout.hostLink,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      layout.id,
    ]);

    await takeDown(layout, undefined);

    expect(processesOf(layout.id)).toEqual([]);
    for (const pid of before) expect(markOf(pid).startTime).toBe('gone');
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(layout.folder);
    expect(spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout).not.toContain(layout.id);
    expect(existsSync(`/sys/class/net/${layout.hostLink}`)).toBe(false);
    expect(spawnSync('find', ['/sys/fs/cgroup', '-name', layout.id], { encoding: 'utf8' }).stdout).toBe('');
    expect(existsSync(layout.sockets)).toBe(false);
    expect(existsSync(join(layout.folder, 'kubelet'))).toBe(false);
  });

  it('of what is not there is no error', async () => {
    await takeDown(testLayout(), undefined);
  });

  it('keeps the logs', async () => {
    const layout = testLayout();
    const log = join(layout.folder, 'logs', 'apiserver.log');
    mkdirSync(join(log, '..'), { recursive: true });
    writeFileSync(log, 'what it said\n');
    await takeDown(layout, undefined);
    expect(readFileSync(log, 'utf8')).toBe('what it said\n');
  });
});

describe('a slot', () => {
  it('is taken once', () => {
    const layout = testLayout();
    const owner = markOf(process.pid);
    expect([claimSlot(layout, owner), claimSlot(layout, owner)]).toEqual([true, false]);
    expect(JSON.parse(readFileSync(join(layout.sockets, 'owner.json'), 'utf8'))).toEqual({
      stateFile: layout.stateFile,
      owner,
    });
  });
});
