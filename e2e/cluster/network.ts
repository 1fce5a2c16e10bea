import { existsSync } from 'node:fs';
import { run, tryRun } from './command.ts';
import type { Layout } from './layout.ts';

/**
 * The node's network namespace with one cable to the machine, over which the machine reaches API server, node ports, pods and
 * Services. Nothing in it has a way further out.
 */
export async function makeNetwork(layout: Layout): Promise<void> {
  const { id, hostLink, hostAddress, nodeAddress } = layout;
  await run('ip', ['netns', 'add', id]);
  await run('ip', ['link', 'add', hostLink, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', id]);
  await ip(`addr add ${hostAddress}/30 dev ${hostLink}`, `link set ${hostLink} up`);
  await inside(id, 'link set lo up', `addr add ${nodeAddress}/30 dev eth0`, 'link set eth0 up');
  // Services are rewritten after the kernel has looked for a route, so there must be one; the rest of the world is refused.
  await inside(id, `route add ${layout.serviceCidr} via ${hostAddress}`, 'route add unreachable default');
  await ip(
    `route add ${layout.podCidr} via ${nodeAddress}`,
    `route add ${layout.serviceCidr} via ${nodeAddress}`,
  );
  await run('nsenter', [...enter(layout), 'sysctl', '-qw', 'net.ipv4.ip_forward=1']);
}

/** `nsenter` rather than `ip netns exec`: that one mounts a /sys without control groups. */
export function enter({ id }: Layout): string[] {
  return [`--net=/run/netns/${id}`];
}

/** The routes of the machine go with the cable, the cable with the namespace. */
export async function removeNetwork({ id, hostLink }: Layout): Promise<void> {
  if (existsSync(`/sys/class/net/${hostLink}`)) await tryRun('ip', ['link', 'del', hostLink]);
  if (existsSync(`/run/netns/${id}`)) await run('ip', ['netns', 'del', id]);
}

async function ip(...commands: readonly string[]): Promise<void> {
  for (const command of commands) await run('ip', command.split(' '));
}

async function inside(id: string, ...commands: readonly string[]): Promise<void> {
  for (const command of commands) await run('ip', ['-n', id, ...command.split(' ')]);
}
