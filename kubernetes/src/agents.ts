import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Grant, TlsMaterial } from './credentials.ts';

/** Keeps connections open between requests, and opens new ones once certificates have changed. */
export interface Agents {
  agentFor(grant: Grant): HttpAgent;
  close(): void;
}

/** The API server closes a connection that was idle for 90 s; one that we close first is never asked in that moment. */
const IDLE_MS = 60_000;

export function createAgents(server: URL, idleMs = IDLE_MS): Agents {
  const options = { keepAlive: true, keepAliveMsecs: 15_000, timeout: idleMs };
  let material: TlsMaterial = {};
  let current: HttpAgent | undefined;
  const retired = new Set<HttpAgent>();
  return {
    agentFor(grant) {
      if (grant.agent !== undefined) return grant.agent;
      if (current !== undefined && isSame(material, grant.tls)) return current;
      if (current !== undefined) retire(current, retired);
      material = grant.tls;
      current =
        server.protocol === 'https:' ? new HttpsAgent({ ...options, ...material }) : new HttpAgent(options);
      return current;
    },
    close() {
      for (const agent of [current, ...retired]) agent?.destroy();
    },
  };
}

/** Its idle connections end now; what is under way goes on, and watches end with their own timeout. */
function retire(agent: HttpAgent, retired: Set<HttpAgent>): void {
  for (const sockets of Object.values(agent.freeSockets)) sockets?.forEach((socket) => socket.destroy());
  for (const old of retired) if (Object.keys(old.sockets).length === 0) retired.delete(old);
  retired.add(agent);
}

function isSame(a: TlsMaterial, b: TlsMaterial): boolean {
  return (
    a.ca === b.ca &&
    a.cert === b.cert &&
    a.key === b.key &&
    a.servername === b.servername &&
    a.rejectUnauthorized === b.rejectUnauthorized
  );
}
