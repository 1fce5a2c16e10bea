import { expect } from 'vitest';
import { endpointsOf } from './admin.ts';
import type { Client } from './client.ts';
import { eventually } from './eventually.ts';
import type { Space } from './space.ts';

/**
 * A pod that is Ready is known to the mesh a moment later: resolves when the sidecar of `client`, which calls `url` for it, has so many
 * endpoints of that service that can be used, those of all its ports counted.
 */
export async function untilKnown(space: Space, client: Client, url: string, count: number): Promise<void> {
  const { hostname } = new URL(url);
  await eventually(async () => {
    await client.ask({ url });
    const endpoints = await endpointsOf(space, client.pod, hostname);
    expect(endpoints.filter(({ unused }) => unused === null)).toHaveLength(count);
  });
}
