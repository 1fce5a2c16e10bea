import { PORTS } from '@lanekeeper/protocol/ports';

/** How long the application waits for its sidecar before it starts without one. */
const HOLD_MS = 60_000;

/**
 * Runs as `node -e` in the sidecar's `postStart`: the kubelet starts the next container when it ends, so the application finds its
 * sidecar ready. It gives up with 0, for a failed hook would restart the sidecar, and an application that starts late is better
 * than one that never does.
 */
export const HOLD_SCRIPT = holdScript(PORTS.status, HOLD_MS);

/** How long the sidecar goes on when the pod ends: its application is told to end at the same moment, and still has calls to make. */
const LINGER_MS = 5_000;

/** Runs as `preStop` of a plain container; a native sidecar is ended after the application by the kubelet. */
export const LINGER_SCRIPT = `setTimeout(()=>{},${LINGER_MS})`;

export function holdScript(port: number, holdMs: number): string {
  return [
    `const end=Date.now()+${holdMs};`,
    `const ask=()=>fetch('http://127.0.0.1:${port}/ready')`,
    '.then(r=>r.ok,()=>false)',
    '.then(ok=>{if(!ok&&Date.now()<end)setTimeout(ask,100)});',
    'ask();',
  ].join('');
}
